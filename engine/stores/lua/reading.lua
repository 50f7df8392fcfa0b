-- What is read of a structure in (from, till]; `from` is nil where there is no start. Changes nothing.

local none = {}
local left_out, memo, prefixes, vacant, starts, is_behind

local function begin_reading()
  left_out, memo, prefixes, vacant, starts, is_behind = {}, {}, {}, {}, {}, false
end

-- Leaves a payment and its events out of what is read.
local function leave_out(record, now)
  for stream, _ in pairs(PLAN.remembers_us) do
    local item = remembered(record, stream, now)
    if item then
      left_out[#left_out + 1] = item
    end
  end
end

local function is_inside(time, from, till)
  return (not from or time > from) and time <= till
end

-- The items left out that a structure holds under a name.
local function left_out_of(each, name, from, till)
  if not left_out[1] then
    return none
  end
  local found = {}
  for _, item in ipairs(left_out) do
    if item.stream == each.stream and is_inside(item.at, from, till) and holder(each, item.row) == name then
      found[#found + 1] = item
    end
  end
  return found
end

local function start(from)
  return from and "(" .. exact(from) or "-inf"
end

local function base_of(each, name, field)
  local number = redis.call("HGET", at(each, "b", name), field)
  return number and tonumber(number)
end

-- Whether a key has nothing in the window, as a longer one had nothing: velocities are read from the longest on.
local function is_vacant(key, from, till)
  local known = vacant[key]
  return known and till <= known[2] and (not known[1] or (from and from >= known[1]))
end

-- How many a sorted set has in the window.
local function in_window(key, from, till)
  if is_vacant(key, from, till) then
    return 0
  end
  local count = redis.call("ZCOUNT", key, start(from), exact(till))
  if count == 0 then
    vacant[key] = { from, till }
  end
  return count
end

local function read_count(each, name, from, till)
  local count = in_window(at(each, "i", name), from, till)
  if not from and each.has_base then
    count = count + (base_of(each, name, "count") or 0)
  end
  return count - #left_out_of(each, name, from, till)
end

local function is_among(items, ord)
  for _, item in ipairs(items) do
    if item.ord == ord then
      return true
    end
  end
  return false
end

-- The time of the first or the last item; false where there is none.
local function read_end(each, name, from, till, is_first)
  local skipped = left_out_of(each, name, from, till)
  local key, found = at(each, "i", name)
  if is_first then
    local first = not from and base_of(each, name, "first")
    if first then
      return first
    end
    found = redis.call("ZRANGEBYSCORE", key, start(from), exact(till), "WITHSCORES", "LIMIT", 0, #skipped + 1)
  else
    found = redis.call("ZREVRANGEBYSCORE", key, exact(till), start(from), "WITHSCORES", "LIMIT", 0, #skipped + 1)
  end
  for place = 1, #found, 2 do
    if not is_among(skipped, tonumber(found[place])) then
      return tonumber(found[place + 1])
    end
  end
  return false
end

-- The sum of what a running sum holds up to a time.
local function sum_until(key, till)
  local until_each = prefixes[key]
  if not until_each then
    until_each = {}
    prefixes[key] = until_each
  end
  local known = until_each[till]
  if not known then
    local later = redis.call("ZRANGEBYSCORE", key, "(" .. exact(till), "+inf", "LIMIT", 0, 1)[1]
    if later then
      local _, hi, lo, count = sum_parts(later)
      known = { hi, lo, count }
    else
      known = { running(key) }
    end
    until_each[till] = known
  end
  return known[1], known[2], known[3]
end

local function sum_between(key, from, till)
  local hi, lo, count = sum_until(key, till)
  if from then
    local before_hi, before_lo, before_count = sum_until(key, from)
    hi, lo, count = hi - before_hi, lo - before_lo, count - before_count
  end
  return hi, lo, count
end

local function read_sum(each, name, from, till)
  local key, hi, lo, count = at(each, "s", name), 0, 0, 0
  if not is_vacant(key, from, till) then
    hi, lo, count = sum_between(key, from, till)
    if count == 0 then
      vacant[key] = { from, till }
    end
  end
  local corrections = at(each, "c", name)
  if memo[corrections] == nil then
    memo[corrections] = redis.call("EXISTS", corrections) == 1
  end
  if memo[corrections] then
    local more_hi, more_lo, more_count = sum_between(corrections, from, till)
    hi, lo, count = hi + more_hi, lo + more_lo, count + more_count
  end
  for _, item in ipairs(left_out_of(each, name, from, till)) do
    local amount = item.amounts[each.amount]
    if amount then
      local its_hi, its_lo = split(amount)
      hi, lo, count = hi - its_hi, lo - its_lo, count - 1
    end
  end
  return { hi, lo, count }
end

-- The least or most amount: from the top of all amounts as far as the window has items, else through the window.
local function read_amount(each, name, from, till, sign)
  local skipped = left_out_of(each, name, from, till)
  local by_time, by_amount = at(each, "t", name), at(each, "v", name)
  local best = not from and base_of(each, name, sign < 0 and "least" or "most") or nil
  local function better(amount)
    if not best or sign * amount > sign * best then
      best = amount
    end
  end
  local inside = redis.call("ZCOUNT", by_time, start(from), exact(till))
  local walked, command = 0, sign < 0 and "ZRANGE" or "ZREVRANGE"
  while inside > 0 and walked <= inside do
    local found = redis.call(command, by_amount, walked, walked + 31, "WITHSCORES")
    for place = 1, #found, 2 do
      local ord, time = string.match(found[place], "^(%x+)|(%d+)$")
      if is_inside(tonumber(time), from, till) and not is_among(skipped, tonumber(ord)) then
        better(tonumber(found[place + 1]))
        return best
      end
    end
    if #found < 64 then
      return best or false
    end
    walked = walked + 32
  end
  if inside > 0 then
    for _, member in ipairs(redis.call("ZRANGEBYSCORE", by_time, start(from), exact(till))) do
      local ord, amount = string.match(member, "^(%x+)|(%-?%d+)$")
      if not is_among(skipped, tonumber(ord)) then
        better(tonumber(amount))
      end
    end
  end
  return best or false
end

-- Values last there in the window, and of those there later, the ones that were in the window too. Later than now is
-- nothing of the merchant's own.
local function read_values(each, name, from, till, now)
  local key, pair = at(each, "d", name), PLAN.items[each.pair]
  local function times(value)
    return redis.call("ZCOUNT", at(pair, "i", paired(each, row, value)), start(from), exact(till))
  end
  local count = in_window(key, from, till)
  if till < now or each.network then
    for _, value in ipairs(redis.call("ZRANGEBYSCORE", key, "(" .. exact(till), "+inf")) do
      if times(value) > 0 then
        count = count + 1
      end
    end
  end
  local items = left_out_of(each, name, from, till)
  if not items[1] then
    return count
  end
  local without = {}
  for _, item in ipairs(items) do
    local value = token(item.row, each.value)
    if value ~= UNKNOWN then
      without[value] = (without[value] or 0) + 1
    end
  end
  for value, gone in pairs(without) do
    if times(value) == gone then
      count = count - 1
    end
  end
  return count
end

-- Whether another merchant's later time trimmed what this one still looks at.
local function check_whole(each, name, now)
  if each.network and not memo[each.id] then
    memo[each.id] = true
    local until_us = base_of(each, name, "until")
    if until_us and until_us > now - each.span_us then
      is_behind = true
    end
  end
end

local function read_velocity(each, name, velocity, now)
  check_whole(each, name, now)
  local till = now - velocity.delay_us
  local from = velocity.window_us and till - velocity.window_us
  if velocity.since then
    local resets = PLAN.items[velocity.since]
    local its_name = named(resets, row)
    check_whole(resets, its_name, now)
    local reset = read_end(resets, its_name, nil, till, false)
    if reset and (not from or reset > from) then
      from = reset
    end
  end
  local aggregate = velocity.aggregate
  if aggregate == "count" then
    return read_count(each, name, from, till)
  elseif aggregate == "sum" then
    return read_sum(each, name, from, till)
  elseif aggregate == "values" then
    return read_values(each, name, from, till, now)
  elseif aggregate == "least" then
    return read_amount(each, name, from, till, -1)
  elseif aggregate == "most" then
    return read_amount(each, name, from, till, 1)
  end
  local time = read_end(each, name, from, till, aggregate == "first")
  return time and now - time
end

-- How many a sorted set has in each of the windows up to now, from the longest on: where one has none, so has the next.
local function count_windows(each, key, now, values)
  local count
  for _, place in ipairs(each.counted) do
    if count ~= 0 then
      local window_us = PLAN.velocities[place].window_us
      local from = starts[window_us]
      if not from then
        from = start(now - window_us)
        starts[window_us] = from
      end
      count = redis.call("ZCOUNT", key, from, exact(now))
    end
    values[place] = count
  end
end

local function read_all(now)
  local values = {}
  for place = 1, #PLAN.velocities do
    values[place] = false
  end
  for _, kind in ipairs(PLAN.kinds) do
    for _, each in ipairs(PLAN[kind]) do
      local name = (each.counted[1] or each.read[1]) and named(each, row)
      if name then
        if each.counted[1] and not left_out[1] then
          count_windows(each, at(each, kind == "values" and "d" or "i", name), now, values)
        else
          for _, place in ipairs(each.counted) do
            values[place] = read_velocity(each, name, PLAN.velocities[place], now)
          end
        end
        for _, place in ipairs(each.read) do
          values[place] = read_velocity(each, name, PLAN.velocities[place], now)
        end
      end
    end
  end
  return values
end
