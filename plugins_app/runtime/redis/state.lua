-- One step of SharedState. The rules are those of plugins_app.core.memory_state and
-- plugins_app.core.breaker, and tests/state holds all of them against each other.
--
-- ARGV[1]: the step as one line of JSON; behind it the answer to keep, where there is one. Times
-- are whole microseconds of this server's clock, or of the test's. All keys end by themselves.
-- RULES stands in front of this text: the constants of the engine.

local line_end = string.find(ARGV[1], '\n', 1, true)
local ask = cjson.decode(line_end and string.sub(ARGV[1], 1, line_end - 1) or ARGV[1])
local now = ask.now
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end

local SECOND = 1000000
local DAY = 86400 * SECOND
local CLOSED, OPEN, HALF_OPEN = 'closed', 'open', 'half_open'

local function keep(key, microseconds)
  redis.call('PEXPIRE', key, math.ceil(microseconds / 1000) + 1000)
end

local function keep_at_least(key, microseconds)
  if redis.call('PTTL', key) * 1000 < microseconds then keep(key, microseconds) end
end

-- Sorted sets of calls by the moment at which they end to count.

local function drop_ended(key)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
end

local function moment_at(key, index)
  local found = redis.call('ZRANGE', key, index, index, 'WITHSCORES')
  return tonumber(found[2])
end

local function rate_wait(rule)
  drop_ended(rule.key)
  local count = redis.call('ZCARD', rule.key)
  if count < rule.limit then return 0 end
  return moment_at(rule.key, count - rule.limit) - now
end

local function rate_status(rule)
  local count = redis.call('ZCARD', rule.key)
  local reset = 0
  if count > 0 then reset = moment_at(rule.key, 0) - now end
  return {math.max(0, rule.limit - count), reset}
end

local function refund(rules)
  for _, rule in ipairs(rules) do redis.call('ZREM', rule.key, ask.id) end
end

-- The breaker.

local breaker = {}

-- 'execution id=end of its lease;...'

local function probes_in(text)
  local probes = {}
  for holder, ends in string.gmatch(text, '([^=;]+)=(%d+)') do probes[holder] = tonumber(ends) end
  return probes
end

local function as_text(probes)
  local parts = {}
  for holder, ends in pairs(probes) do
    parts[#parts + 1] = holder .. '=' .. string.format('%.0f', ends)
  end
  return table.concat(parts, ';')
end

local function read_breaker(key)
  local found = redis.call('HMGET', key, 'state', 'forced', 'generation', 'seconds', 'retry_at',
    'window', 'reports', 'probes')
  return {
    key = key,
    state = found[1] or CLOSED,
    forced = found[2] == '1',
    generation = tonumber(found[3] or 0),
    seconds = tonumber(found[4] or RULES.open),
    retry_at = tonumber(found[5] or 0),
    window = found[6] or '',
    reports = found[7] or '',
    probes = probes_in(found[8] or ''),
  }
end

local function write_breaker(b)
  redis.call('HSET', b.key, 'state', b.state, 'forced', b.forced and '1' or '0',
    'generation', b.generation, 'seconds', b.seconds, 'retry_at', string.format('%.0f', b.retry_at),
    'window', b.window, 'reports', b.reports, 'probes', as_text(b.probes))
  if b.forced then redis.call('PERSIST', b.key) else keep(b.key, 7 * DAY) end
end

local function move(b, state, reason)
  local transition = {b.state, state, reason}
  b.state, b.generation = state, b.generation + 1
  b.window, b.reports, b.probes = '', '', {}
  return transition
end

local function open(b, seconds, reason)
  local transition = move(b, OPEN, reason)
  b.seconds = seconds
  b.retry_at = math.floor(now + seconds * SECOND * (1 + RULES.jitter * (2 * ask.random - 1)))
  return transition
end

local function alive_probes(b)
  local alive, count, first = {}, 0, nil
  for holder, ends in pairs(b.probes) do
    if ends > now then
      alive[holder], count = ends, count + 1
      if not first or ends < first then first = ends end
    end
  end
  return alive, count, first
end

local function failures(outcomes)
  local _, count = string.gsub(outcomes, '0', '')
  return count
end

local function too_many(outcomes)
  return failures(outcomes) >= RULES.share * #outcomes
end

-- Microseconds to stay away, or nil.
local function breaker_wait(b)
  if b.state == CLOSED then return nil end
  if b.forced then return RULES.forced_retry * SECOND end
  if b.state == OPEN then
    if now < b.retry_at then return b.retry_at - now end
    return nil
  end
  local _, count, first = alive_probes(b)
  if count + #b.reports < RULES.probes then return nil end
  return math.max((first or now) - now, 0)
end

-- {generation, is a probe}, and the transition or nil.
local function breaker_permit(b, lease)
  local transition = nil
  if b.state == OPEN then transition = move(b, HALF_OPEN, 'open time is over') end
  if b.state == CLOSED then return {b.generation, 0}, nil end
  b.probes = alive_probes(b)
  b.probes[ask.id] = now + lease
  write_breaker(b)
  return {b.generation, 1}, transition
end

local function report_probe(b, ok)
  local ends = b.probes[ask.id]
  b.probes[ask.id] = nil
  if not ends or ends <= now or ok == nil then return nil end
  b.reports = b.reports .. (ok and '1' or '0')
  if #b.reports < RULES.probes then return nil end
  if too_many(b.reports) then
    return open(b, math.min(RULES.longest_open, 2 * b.seconds), 'probes failed')
  end
  return move(b, CLOSED, 'probes succeeded')
end

-- What a finished attempt says of the plugin; the transition or nil.
local function report(b, sample)
  if b.forced or sample.generation ~= b.generation then return nil end
  local transition = nil
  if sample.probe then
    transition = report_probe(b, sample.ok)
  elseif sample.ok ~= nil then
    b.window = string.sub(b.window .. (sample.ok and '1' or '0'), -RULES.window)
    if #b.window >= RULES.minimum and too_many(b.window) then
      transition = open(b, RULES.open,
        failures(b.window) .. ' of ' .. #b.window .. ' attempts failed')
    end
  else
    return nil
  end
  write_breaker(b)
  return transition
end

local function together(...)
  local found = {}
  for index = 1, select('#', ...) do
    local transition = select(index, ...)
    if transition then found[#found + 1] = transition end
  end
  return found
end

-- The steps. Refusals: {verdict, microseconds to wait, rate}. Others: {verdict, -1, rate, cached,
-- permit, transitions}.

local function flying(rule)
  local flight = redis.call('HMGET', rule.flight, 'leader', 'ends')
  return flight[1] and tonumber(flight[2]) > now and flight[1] or nil
end

-- Answers stand behind the moment at which they end, in 16 digits; anything else is a miss.
local function cached(rule)
  local entry = redis.call('GET', rule.key)
  local ends = entry and tonumber(string.sub(entry, 1, 16))
  return ends and ends > now and string.sub(entry, 17) or nil
end

local function keep_answer(rule, answer)
  redis.call('SET', rule.key, string.format('%016.0f', now + rule.ttl) .. answer,
    'PX', math.ceil(rule.ttl / 1000) + 1000)
end

local function decide()
  if not ask.charged then
    for index, rule in ipairs(ask.rates) do
      local wait = rate_wait(rule)
      if wait > 0 then return {'rate_limited', wait, index - 1} end
    end
  end
  if ask.cache then
    local answer = cached(ask.cache)
    if answer then return {'hit', -1, answer} end
    local leader = flying(ask.cache)
    if leader and leader ~= ask.id then return {'follow'} end
  end
  if ask.concurrency then
    drop_ended(ask.concurrency.key)
    if redis.call('ZCARD', ask.concurrency.key) >= ask.concurrency.limit then
      return {'concurrency_limited', RULES.concurrency_retry * SECOND, -1}
    end
  end
  if ask.breaker then
    breaker = read_breaker(ask.breaker.key)
    local wait = breaker_wait(breaker)
    if wait then return {'circuit_open', wait, -1} end
  end
  return {'admitted'}
end

local function charge()
  for _, rule in ipairs(ask.rates) do
    redis.call('ZADD', rule.key, now + rule.window, ask.id)
    keep(rule.key, rule.window)
  end
end

local function take_permits()
  if ask.cache then
    redis.call('HSET', ask.cache.flight, 'leader', ask.id,
      'ends', string.format('%.0f', now + ask.cache.lease), 'followed', '0')
    keep(ask.cache.flight, ask.cache.lease)
  end
  if ask.concurrency then
    redis.call('ZADD', ask.concurrency.key, now + ask.concurrency.lease, ask.id)
    keep_at_least(ask.concurrency.key, ask.concurrency.lease)
  end
  if ask.breaker then return breaker_permit(breaker, ask.breaker.lease) end
  return {}, nil
end

local REFUSALS = {rate_limited = true, concurrency_limited = true, circuit_open = true}

local steps = {}

function steps.admit()
  local decision = decide()
  local verdict = decision[1]
  if REFUSALS[verdict] then
    if ask.charged then refund(ask.rates) end
    return decision
  end
  if not ask.charged then charge() end
  local permit, transition = {}, nil
  if verdict == 'follow' then redis.call('HSET', ask.cache.flight, 'followed', '1') end
  if verdict == 'admitted' then permit, transition = take_permits() end
  local rate = {}
  if ask.rates[1] then
    if ask.charged then drop_ended(ask.rates[1].key) end
    rate = rate_status(ask.rates[1])
  end
  return {verdict, -1, rate, decision[3] or '', permit, together(transition)}
end

function steps.next_attempt()
  local b = read_breaker(ask.breaker.key)
  local moved = report(b, ask.sample)
  local wait = breaker_wait(b)
  if wait then return {'circuit_open', wait, {}, '', {}, together(moved)} end
  local permit, taken = breaker_permit(b, ask.breaker.lease)
  return {'admitted', -1, {}, '', permit, together(moved, taken)}
end

function steps.settle()
  if ask.concurrency then redis.call('ZREM', ask.concurrency.key, ask.id) end
  if ask.cache then
    if line_end then keep_answer(ask.cache, string.sub(ARGV[1], line_end + 1)) end
    if redis.call('HGET', ask.cache.flight, 'leader') == ask.id then
      redis.call('DEL', ask.cache.flight)
    end
  end
  refund(ask.rates)
  if not ask.sample then return {} end
  return together(report(read_breaker(ask.breaker.key), ask.sample))
end

function steps.renew()
  redis.call('ZADD', ask.concurrency.key, now + ask.concurrency.lease, ask.id)
  keep_at_least(ask.concurrency.key, ask.concurrency.lease)
  return {}
end

function steps.flight()
  return {cached(ask.cache) and 1 or 0, flying(ask.cache) and 1 or 0}
end

function steps.followed()
  return {redis.call('HGET', ask.cache.flight, 'followed') == '1' and 1 or 0}
end

function steps.breakers()
  local found = {}
  for index, key in ipairs(ask.keys) do
    local b = read_breaker(key)
    found[index] = {b.state, b.forced and 1 or 0, breaker_wait(b) or -1}
  end
  return found
end

function steps.force()
  local b = read_breaker(ask.breaker.key)
  b.forced = ask.state ~= nil
  local reason = ask.state and 'forced ' .. ask.state .. ' by an operator'
    or 'reset by an operator'
  local moved = move(b, ask.state or CLOSED, reason)
  write_breaker(b)
  return moved
end

return steps[ask.step]()
