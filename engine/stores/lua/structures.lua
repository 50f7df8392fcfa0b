-- What a key holds, and how it grows, is taken back and is trimmed.
--
-- An item is a payment or an event: its stream, its time `at` in microseconds, its `row` (a token of 12 bytes for each
-- feature, zeros where it is unknown), its `amounts` (a number, or false where unknown) and its `ord`, which is larger
-- the later it was added. A structure holds the items of one stream that fulfil its `where`, key by key; its name
-- stands for one key. Kinds:
--   i  the items: a sorted set of ords by time
--   s  running sums: by time, each member with the sum of those before it; kept also where an item is taken back
--   c  corrections: as s, for what was taken back (negative) or came out of order
--   t  amounts by time        v  amounts by amount        d  values by the time each was last there
--   b  what is kept of the items that were trimmed
-- Numbers are doubles: times and single amounts are below 2^53, sums are pairs (hi, lo) of hi * 10^12 + lo.

local UNKNOWN = string.rep("\0", 12)
local LIMB = 1e12

local state = redis.call("GET", KEYS[1])
if not state then
  return redis.error_reply("WARMING the counters hold nothing: they are to be filled from the ledger")
end
local phase, nonce = string.match(state, "^(%a+):(%w+):")
local numbers = KEYS[1] .. ":" .. nonce
local own, network = KEYS[2] .. ":" .. nonce .. ":", KEYS[3] .. ":" .. nonce .. ":"
local clock = own .. "clock"

local written = {}

local function exact(number)
  local text = written[number]
  if not text then
    text = string.format("%.0f", number)
    written[number] = text
  end
  return text
end

local function token(row, index)
  return string.sub(row, 12 * index - 11, 12 * index)
end

local function at(each, kind, name)
  return (each.network and network or own) .. kind .. name
end

-- The name of a row's key in a structure; nil where a part of it is unknown.
local function named(each, row)
  local parts = { each.id }
  for place, index in ipairs(each.names) do
    local part = token(row, index)
    if part == UNKNOWN then
      return nil
    end
    parts[place + 1] = part
  end
  return table.concat(parts)
end

-- The name under which a structure holds an item; nil where it does not.
local function holder(each, row)
  for _, looked_for in ipairs(each.where) do
    if token(row, looked_for[1]) ~= looked_for[2] then
      return nil
    end
  end
  return named(each, row)
end

-- The name of the pair of a key and a value.
local function paired(each, row, value)
  local with_value = string.sub(row, 1, 12 * each.value - 12) .. value .. string.sub(row, 12 * each.value + 1)
  return named(PLAN.items[each.pair], with_value)
end

local function next_ord()
  return string.format("%014x", redis.call("HINCRBY", numbers, "ord", 1))
end

local function keep(each, key)
  if not each.forever then
    redis.call("PEXPIRE", key, each.expires_ms)
  end
end

local function split(amount)
  local hi = math.floor(amount / LIMB)
  return hi, amount - hi * LIMB
end

local function plus(hi, lo, more_hi, more_lo)
  hi, lo = hi + more_hi, lo + more_lo
  if lo >= LIMB then
    hi, lo = hi + 1, lo - LIMB
  end
  return hi, lo
end

-- A member of a running sum: its ord, the sum and number before it, its own.
local function sum_member(ord, hi, lo, count, own_hi, own_lo, own_count)
  return string.format("%s|%.0f|%.0f|%.0f|%.0f|%.0f|%.0f", ord, hi, lo, count, own_hi, own_lo, own_count)
end

local function sum_parts(member)
  local ord, hi, lo, count, own_hi, own_lo, own_count =
    string.match(member, "^(%x+)|(%-?%d+)|(%d+)|(%-?%d+)|(%-?%d+)|(%d+)|(%-?%d+)$")
  return ord, tonumber(hi), tonumber(lo), tonumber(count), tonumber(own_hi), tonumber(own_lo), tonumber(own_count)
end

-- The sum of all that a running sum holds or ever held.
local function running(key)
  local last = redis.call("ZRANGE", key, -1, -1)[1]
  if not last then
    return 0, 0, 0
  end
  local _, hi, lo, count, own_hi, own_lo, own_count = sum_parts(last)
  hi, lo = plus(hi, lo, own_hi, own_lo)
  return hi, lo, count + own_count
end

-- Adds to a running sum at a time; what is later is written anew.
local function add_to_sum(key, time, own_hi, own_lo, own_count)
  local later = redis.call("ZRANGEBYSCORE", key, "(" .. exact(time), "+inf", "WITHSCORES")
  local hi, lo, count
  if later[1] then
    local _
    _, hi, lo, count = sum_parts(later[1])
  else
    hi, lo, count = running(key)
  end
  redis.call("ZADD", key, exact(time), sum_member(next_ord(), hi, lo, count, own_hi, own_lo, own_count))
  for place = 1, #later, 2 do
    local ord, its_hi, its_lo, its_count, last_hi, last_lo, last_count = sum_parts(later[place])
    its_hi, its_lo = plus(its_hi, its_lo, own_hi, own_lo)
    redis.call("ZREM", key, later[place])
    redis.call("ZADD", key, later[place + 1],
      sum_member(ord, its_hi, its_lo, its_count + own_count, last_hi, last_lo, last_count))
  end
end

-- Drops some of the oldest that left every window; where `holds_last`, the newest of those stays. Gives them.
local function trim(each, kind, name, edge, holds_last)
  local key = at(each, kind, name)
  local oldest = redis.call("ZRANGE", key, 0, 3, "WITHSCORES")
  local gone = 0
  while gone < 4 and oldest[2 * gone + 2] and tonumber(oldest[2 * gone + 2]) <= edge do
    gone = gone + 1
  end
  if gone == 4 or (holds_last and gone > 0) then
    gone = gone - 1
  end
  if gone > 0 then
    redis.call("ZREMRANGEBYRANK", key, 0, gone - 1)
    if each.network then
      local base = at(each, "b", name)
      local until_us = tonumber(redis.call("HGET", base, "until") or "0")
      redis.call("HSET", base, "until", exact(math.max(until_us, tonumber(oldest[2 * gone]))))
      keep(each, base)
    end
  end
  return gone, oldest
end

local function keep_least(base, field, number, sign)
  local known = redis.call("HGET", base, field)
  if not known or sign * number < sign * tonumber(known) then
    redis.call("HSET", base, field, exact(number))
  end
end

local function add_item(each, name, item)
  local key = at(each, "i", name)
  redis.call("ZADD", key, exact(item.at), item.ord)
  local gone, oldest = trim(each, "i", name, item.at - each.keep_us, each.holds_last)
  if gone > 0 and each.has_base then
    local base = at(each, "b", name)
    redis.call("HINCRBY", base, "count", gone)
    keep_least(base, "first", tonumber(oldest[2]), 1)
  end
  keep(each, key)
end

local function add_sum(each, name, item)
  local amount = item.amounts[each.amount]
  if not amount then
    return
  end
  local hi, lo = split(amount)
  local kind = "s"
  local last = redis.call("ZRANGE", at(each, kind, name), -1, -1, "WITHSCORES")
  if last[2] and tonumber(last[2]) > item.at then
    kind = "c"
  end
  add_to_sum(at(each, kind, name), item.at, hi, lo, 1)
  trim(each, kind, name, item.at - each.keep_us, each.forever)
  keep(each, at(each, kind, name))
end

local function add_amount(each, name, item)
  local amount = item.amounts[each.amount]
  if not amount then
    return
  end
  local by_time, by_amount = at(each, "t", name), at(each, "v", name)
  redis.call("ZADD", by_time, exact(item.at), item.ord .. "|" .. exact(amount))
  redis.call("ZADD", by_amount, exact(amount), item.ord .. "|" .. exact(item.at))
  local gone, oldest = trim(each, "t", name, item.at - each.keep_us, false)
  for place = 1, 2 * gone, 2 do
    local ord, its_amount = string.match(oldest[place], "^(%x+)|(%-?%d+)$")
    redis.call("ZREM", by_amount, ord .. "|" .. exact(tonumber(oldest[place + 1])))
    if each.forever then
      keep_least(at(each, "b", name), "least", tonumber(its_amount), 1)
      keep_least(at(each, "b", name), "most", tonumber(its_amount), -1)
    end
  end
  keep(each, by_time)
  keep(each, by_amount)
end

local function add_value(each, name, item)
  local value = token(item.row, each.value)
  if value == UNKNOWN then
    return
  end
  local key = at(each, "d", name)
  redis.call("ZADD", key, "GT", exact(item.at), value)
  if not each.forever then
    trim(each, "d", name, item.at - each.keep_us, false)
  end
  keep(each, key)
end

local function remove_item(each, name, item)
  redis.call("ZREM", at(each, "i", name), item.ord)
end

local function remove_sum(each, name, item)
  local amount = item.amounts[each.amount]
  if amount then
    local hi, lo = split(-amount)
    add_to_sum(at(each, "c", name), item.at, hi, lo, -1)
    trim(each, "c", name, item.at - each.keep_us, each.forever)
    keep(each, at(each, "c", name))
  end
end

local function remove_amount(each, name, item)
  local amount = item.amounts[each.amount]
  if amount then
    redis.call("ZREM", at(each, "t", name), item.ord .. "|" .. exact(amount))
    redis.call("ZREM", at(each, "v", name), item.ord .. "|" .. exact(item.at))
  end
end

local function remove_value(each, name, item)
  local value = token(item.row, each.value)
  if value == UNKNOWN then
    return
  end
  local pair = PLAN.items[each.pair]
  local last = redis.call("ZRANGE", at(pair, "i", paired(each, item.row, value)), -1, -1, "WITHSCORES")
  if last[2] then
    redis.call("ZADD", at(each, "d", name), last[2], value)
  else
    redis.call("ZREM", at(each, "d", name), value)
  end
end

local function in_each(structures, item, change)
  for _, each in ipairs(structures) do
    if each.stream == item.stream then
      local name = holder(each, item.row)
      if name then
        change(each, name, item)
      end
    end
  end
end

local function add(item)
  item.ord = next_ord()
  in_each(PLAN.items, item, add_item)
  in_each(PLAN.sums, item, add_sum)
  in_each(PLAN.amounts, item, add_amount)
  in_each(PLAN.values, item, add_value)
end

-- Values come after items: they look for the one before among those that stand.
local function remove(item)
  in_each(PLAN.items, item, remove_item)
  in_each(PLAN.sums, item, remove_sum)
  in_each(PLAN.amounts, item, remove_amount)
  in_each(PLAN.values, item, remove_value)
end

-- The record of a payment: what was observed ("payment") and the events that stand, the counted one first, by status.
local function record_key(payment)
  return own .. "=" .. payment
end

local function record_of(payment)
  local record, fields = {}, redis.call("HGETALL", record_key(payment))
  for place = 1, #fields, 2 do
    record[fields[place]] = cmsgpack.unpack(fields[place + 1])
  end
  return record
end

local function write_record(payment, field, value)
  redis.call("HSET", record_key(payment), field, cmsgpack.pack(value))
  redis.call("PEXPIRE", record_key(payment), PLAN.expires_ms)
end

-- What is remembered of a stream's item at a time.
local function remembered(record, stream, now)
  local item = record[stream]
  if item and stream ~= "payment" then
    item = item[1]
  end
  return item and PLAN.remembers_us[stream] and item.at > now - PLAN.remembers_us[stream] and item or nil
end

local function last_at()
  return tonumber(redis.call("GET", clock) or "0")
end

local function amounts_from(first)
  local amounts = {}
  for place = 1, PLAN.amount_count do
    amounts[place] = tonumber(ARGV[first + place - 1]) or false
  end
  return amounts
end
