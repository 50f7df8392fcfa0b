-- Arguments: the payment, the superseded one or "", the time, the row, the amounts.

local function read_and_count(keys, arguments, counts)
  local payment, superseded = arguments[1], arguments[2]
  local refused = begin(keys, arguments, arguments[4])
  if refused then
    return refused
  end
  begin_reading()
  local now = math.max(tonumber(arguments[3]), last_at())
  local record = record_of(payment)
  leave_out(record, now)
  if superseded ~= "" and superseded ~= payment then
    leave_out(record_of(superseded), now)
  end
  local values = read_all(now)
  if is_behind then
    return redis.error_reply("BEHIND another merchant's time is so far on that what is asked for was dropped")
  end
  local item, is_counted = remembered(record, "payment", now), 0
  if counts then
    redis.call("SET", clock, exact(now))
    if not item then
      local sequence = redis.call("HINCRBY", numbers, "sequence", 1)
      item = { stream = "payment", at = now, row = row, amounts = amounts_from(5), sequence = sequence }
      add(item)
      write_record(payment, "payment", item)
      is_counted = 1
    end
  end
  if phase ~= "ready" then
    return redis.error_reply("WARMING the counters are being filled from the ledger")
  end
  if not item then
    item = { at = now, sequence = tonumber(redis.call("HGET", numbers, "sequence") or "0") + 1 }
  end
  return { item.sequence, exact(item.at), is_counted, values }
end

redis.register_function("assay_observe_" .. PLAN_NAME, function(keys, arguments)
  return read_and_count(keys, arguments, true)
end)

redis.register_function({
  function_name = "assay_read_" .. PLAN_NAME,
  flags = { "no-writes" },
  callback = function(keys, arguments)
    return read_and_count(keys, arguments, false)
  end,
})

-- Whether readings are given, without one.
redis.register_function({
  function_name = "assay_probe_" .. PLAN_NAME,
  flags = { "no-writes" },
  callback = function(keys)
    local refused = begin({ keys[1], "", "" }, {}, "")
    if refused then
      return refused
    end
    return phase == "ready" and 1 or redis.error_reply("WARMING the counters are being filled from the ledger")
  end,
})
