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

-- As a library is loaded there is no `string` yet.
local UNKNOWN = "\0\0\0\0\0\0\0\0\0\0\0\0"
local LIMB = 1e12
-- Of how many additions to a key one trims it, and how many items that may drop.
local TRIM_EACH, TRIM_MOST = 8, 32

-- The filling that is trusted, by the name of its state. It is forgotten when Valkey ends, or another takes its place:
-- what is held then may lack the last that was counted.
local trusted = {}

-- What one call is about; its `row` is that of which names are asked for again and again.
local argv, phase, nonce, numbers, own, network, clock, row, names, suffixes, keys_of, written

-- Begins a call; gives what is wrong, where it is refused.
local function begin(keys, arguments, its_row)
  -- The plan is most of what lives: to look through it after every second payment is dear, a few megabytes are not.
  collectgarbage("setpause", 1000)
  argv, row, names, suffixes, written = arguments, its_row, {}, {}, {}
  keys_of = { i = {}, s = {}, c = {}, t = {}, v = {}, d = {}, b = {} }
  local state = redis.call("GET", keys[1])
  if not state then
    return redis.error_reply("WARMING the counters hold nothing: they are to be filled from the ledger")
  end
  phase, nonce = string.match(state, "^(%a+):(%w+)$")
  if trusted[keys[1]] ~= nonce then
    return redis.error_reply("WARMING what the counters hold may lack something")
  end
  numbers = keys[1] .. ":" .. nonce
  own, network = keys[2] .. ":" .. nonce .. ":", keys[3] .. ":" .. nonce .. ":"
  clock = own .. "clock"
end

local function exact(number)
  local text = written[number]
  if not text then
    text = string.format("%.0f", number)
    written[number] = text
  end
  return text
end

local function token(its_row, index)
  return string.sub(its_row, 12 * index - 11, 12 * index)
end

local function at(each, kind, name)
  local known = keys_of[kind][name]
  if not known then
    known = (each.network and network or own) .. kind .. name
    keys_of[kind][name] = known
  end
  return known
end

-- A key's values, one behind the other; false where one is unknown.
local function suffix_of(inputs, its_row)
  local suffix = ""
  for _, index in ipairs(inputs) do
    local part = token(its_row, index)
    if part == UNKNOWN then
      return false
    end
    suffix = suffix .. part
  end
  return suffix
end

local function name_of(each, its_row)
  local suffix
  if its_row == row then
    suffix = suffixes[each.key]
    if suffix == nil then
      suffix = suffix_of(PLAN.keys[each.key], its_row)
      suffixes[each.key] = suffix
    end
  else
    suffix = suffix_of(PLAN.keys[each.key], its_row)
  end
  return suffix and each.id .. suffix
end

-- The name of a row's key in a structure; false where a part of it is unknown.
local function named(each, its_row)
  if its_row ~= row then
    return name_of(each, its_row)
  end
  local name = names[each]
  if name == nil then
    name = name_of(each, its_row)
    names[each] = name
  end
  return name
end

-- The name under which a structure holds an item; false where it does not.
local function holder(each, its_row)
  for _, looked_for in ipairs(each.where) do
    if token(its_row, looked_for[1]) ~= looked_for[2] then
      return false
    end
  end
  return named(each, its_row)
end

-- The name of the pair of a key and a value.
local function paired(each, its_row, value)
  local with_value = string.sub(its_row, 1, 12 * each.value - 12) .. value .. string.sub(its_row, 12 * each.value + 1)
  return named(PLAN.items[each.pair], with_value)
end

local function next_ord()
  return redis.call("HINCRBY", numbers, "ord", 1)
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
local function add_to_sum(key, time, ord, own_hi, own_lo, own_count)
  local later = redis.call("ZRANGEBYSCORE", key, "(" .. exact(time), "+inf", "WITHSCORES")
  local hi, lo, count
  if later[1] then
    local _
    _, hi, lo, count = sum_parts(later[1])
  else
    hi, lo, count = running(key)
  end
  redis.call("ZADD", key, exact(time), sum_member(string.format("%014x", ord), hi, lo, count, own_hi, own_lo, own_count))
  for place = 1, #later, 2 do
    local ord, its_hi, its_lo, its_count, last_hi, last_lo, last_count = sum_parts(later[place])
    its_hi, its_lo = plus(its_hi, its_lo, own_hi, own_lo)
    redis.call("ZREM", key, later[place])
    redis.call("ZADD", key, later[place + 1],
      sum_member(ord, its_hi, its_lo, its_count + own_count, last_hi, last_lo, last_count))
  end
end

-- Drops some of the oldest that left every window, now and then; where `holds_last`, the newest of those stays. Gives
-- how many, and the oldest as they were.
local function trim(each, kind, name, item, holds_last)
  if item.ord % TRIM_EACH ~= each.turn then
    return 0
  end
  local key, edge = at(each, kind, name), item.at - each.keep_us
  local oldest = redis.call("ZRANGE", key, 0, TRIM_MOST - 1, "WITHSCORES")
  local held = #oldest / 2
  local gone = 0
  while gone < held and tonumber(oldest[2 * gone + 2]) <= edge do
    gone = gone + 1
  end
  if holds_last and gone > 0 then
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
  local gone, oldest = trim(each, "i", name, item, each.holds_last)
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
  add_to_sum(at(each, kind, name), item.at, item.ord, hi, lo, 1)
  trim(each, kind, name, item, each.forever)
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
  local gone, oldest = trim(each, "t", name, item, false)
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
    trim(each, "d", name, item, false)
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
    local ord = next_ord()
    add_to_sum(at(each, "c", name), item.at, ord, hi, lo, -1)
    trim(each, "c", name, { ord = ord, at = item.at }, each.forever)
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
    amounts[place] = tonumber(argv[first + place - 1]) or false
  end
  return amounts
end
