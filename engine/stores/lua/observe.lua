-- ARGV: whether it counts, the payment, the superseded one or "", the time, the row, the amounts.

local payment, superseded, row = ARGV[2], ARGV[3], ARGV[5]
local now = math.max(tonumber(ARGV[4]), last_at())
local record = record_of(payment)
leave_out(record, now)
if superseded ~= "" and superseded ~= payment then
  leave_out(record_of(superseded), now)
end
local values = read_all(row, now)
if is_behind then
  return redis.error_reply("BEHIND another merchant's time is so far on that what is asked for was dropped")
end
local item, is_counted = remembered(record, "payment", now), 0
if ARGV[1] == "1" then
  redis.call("SET", clock, exact(now))
  if not item then
    local sequence = redis.call("HINCRBY", numbers, "sequence", 1)
    item = { stream = "payment", at = now, row = row, amounts = amounts_from(6), sequence = sequence }
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
