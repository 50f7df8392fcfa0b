-- Arguments: what is done, the payment; then what this takes.

local payment

local function set_clock(time)
  if time > last_at() then
    redis.call("SET", clock, exact(time))
  end
end

-- Whether an item that the ledger has is older than what is remembered of the same id.
local function is_older(time, known, stream)
  return known and time <= known.at - PLAN.remembers_us[stream]
end

-- A payment as the ledger has it: counted under its sequence, once. One of its stages may have come meanwhile. One
-- that comes late, for it could not be counted when it came, has no sequence yet.
local function restore_payment(sequence, time, row, amounts)
  local record = record_of(payment)
  local known = record.payment
  set_clock(time)
  if record.gone or (known and known.at <= time and remembered(record, "payment", time)) then
    return 0
  end
  if not sequence then
    sequence = redis.call("HINCRBY", numbers, "sequence", 1)
  elseif sequence > tonumber(redis.call("HGET", numbers, "sequence") or "0") then
    redis.call("HSET", numbers, "sequence", exact(sequence))
  end
  local item = { stream = "payment", at = time, row = row, amounts = amounts, sequence = sequence }
  if is_older(time, known, "payment") then
    add(item)
    return 1
  end
  if known and known.at > time then
    remove(known)
  end
  add(item)
  write_record(payment, "payment", item)
  return 1
end

-- An event: counted where it is the first that stands; else its place is kept. `told` is the time that it came with.
local function record_event(status, told, row, amounts)
  local time = math.max(told, last_at())
  set_clock(time)
  local record = record_of(payment)
  local item = { stream = status, told = told, at = time, row = row, amounts = amounts, is_early = phase ~= "ready" }
  if remembered(record, status, time) then
    local standing = record[status]
    standing[#standing + 1] = item
    write_record(payment, status, standing)
    return 0
  end
  add(item)
  write_record(payment, status, { item })
  return 1
end

-- An event as the ledger has it, unless it came meanwhile; others may have come meanwhile, all of them later. One that
-- comes late may have been counted when it came.
local function restore_event(status, time, row, amounts, is_late)
  local record = record_of(payment)
  local standing = record[status]
  local is_early = is_late and phase ~= "ready"
  local item = { stream = status, told = time, at = time, row = row, amounts = amounts, is_early = is_early }
  set_clock(time)
  if record.gone then
    return 0
  end
  if not standing or not standing[1] or standing[1].at <= time - PLAN.remembers_us[status] then
    add(item)
    write_record(payment, status, { item })
    return 1
  end
  for _, known in ipairs(standing) do
    if (is_late or known.is_early) and known.told == time and known.row == row then
      known.is_early = is_early
      write_record(payment, status, standing)
      return 0
    end
  end
  if is_older(time, standing[1], status) then
    add(item)
    return 1
  end
  local place = 1
  while standing[place] and standing[place].at <= time do
    place = place + 1
  end
  if place == 1 then
    remove(standing[1])
    add(item)
  end
  table.insert(standing, place, item)
  write_record(payment, status, standing)
  return 0
end

-- Takes the last event back that came at this time with this key; the first that then stands is counted.
local function retract_event(status, told, row)
  local record = record_of(payment)
  if not remembered(record, status, last_at()) then
    return 0
  end
  local standing, place = record[status], nil
  local known = string.sub(row, 1, 12 * PLAN.told_apart_by)
  for index, item in ipairs(standing) do
    if item.told == told and string.sub(item.row, 1, #known) == known then
      place = index
    end
  end
  if not place then
    return 0
  end
  local item = table.remove(standing, place)
  if place == 1 then
    remove(item)
    if standing[1] then
      add(standing[1])
    end
  end
  if standing[1] then
    write_record(payment, status, standing)
  else
    redis.call("HDEL", record_key(payment), status)
  end
  return 1
end

local function forget_payment()
  local record, now = record_of(payment), last_at()
  for stream, _ in pairs(PLAN.remembers_us) do
    local item = remembered(record, stream, now)
    if item then
      remove(item)
    end
  end
  redis.call("DEL", record_key(payment))
  if phase ~= "ready" then
    -- The ledger may have it still.
    write_record(payment, "gone", true)
  end
  return 1
end

redis.register_function("assay_change_" .. PLAN_NAME, function(keys, arguments)
  local refused = begin(keys, arguments, arguments[5])
  if refused then
    return refused
  end
  local what, time = arguments[1], tonumber(arguments[4])
  payment = arguments[2]
  if what == "record" then
    return record_event(arguments[3], time, row, amounts_from(6))
  elseif what == "retract" then
    return retract_event(arguments[3], time, row)
  elseif what == "forget" then
    return forget_payment()
  elseif what == "late" then
    return restore_payment(nil, time, row, amounts_from(6))
  elseif what == "late_event" then
    return restore_event(arguments[3], time, row, amounts_from(6), true)
  elseif arguments[#arguments] ~= nonce then
    return redis.error_reply("WARMING another filling began")
  elseif what == "restore" then
    return restore_payment(tonumber(arguments[3]), time, row, amounts_from(6))
  end
  return restore_event(arguments[3], time, row, amounts_from(6))
end)

-- Arguments: the state that was found, or "" for whatever it is; the one to have, or "" for none; the filling that it
-- may be trusted with, or "" for none. Whether it was found.
redis.register_function("assay_switch_" .. PLAN_NAME, function(keys, arguments)
  if arguments[1] ~= "" and redis.call("GET", keys[1]) ~= arguments[1] then
    return 0
  end
  if arguments[2] == "" then
    redis.call("DEL", keys[1])
  else
    redis.call("SET", keys[1], arguments[2])
  end
  trusted[keys[1]] = arguments[3] ~= "" and arguments[3] or nil
  return 1
end)
