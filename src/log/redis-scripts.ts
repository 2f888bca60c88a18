import type { RedisLink } from "./redis-client.ts";
import { answered } from "./redis-tail.ts";

/** How long Redis may take to answer a script. */
export const LIMIT_MS = 10_000;

/** A Lua script: what it does is atomic. */
export type RedisScript = string;

/**
 * What all scripts begin with. They are given, as KEYS, the hash of the place, then the entries and the signals of the
 * run; as ARGV, what texts in a reply end in, and the name of the run.
 *
 * The hash has the state of each run of the place, as JSON, under the run's name:
 * `n` counts the runs of the place; `till` is when the lease lapses, `drop` when the run is dropped, and `kept` when its
 * keys expire, in milliseconds.
 */
const PRELUDE = `
local place, entries, signals = KEYS[1], KEYS[2], KEYS[3]
local mark, run = ARGV[1], ARGV[2]
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local function expire(key, at)
  redis.call('PEXPIRE', key, string.format('%.0f', math.max(at - now, 1)))
end

-- Times of Redis may jump back: a lease that is valid for longer than it was made for has lapsed.
local function lapsed(state)
  return now >= state.till or state.till > now + state.lease
end

-- Redis may have evicted the entries without the state, or lost them with a failover.
local function find()
  local text = redis.call('HGET', place, run)
  local state = text and cjson.decode(text)
  if state and now < state.drop and redis.call('XLEN', entries) == state.last then return state end
end

local function renew(state, lease)
  state.beat = state.beat + 1
  state.lease = lease
  state.till = now + lease
  state.drop = now + lease + state.keepMs
end

-- Keys live for a lease longer than their run, so that not every renewal has to prolong all of them.
local function save(state)
  if state.kept < state.drop then
    state.kept = state.drop + state.lease
    if redis.call('PTTL', place) < state.kept - now then expire(place, state.kept) end
    expire(entries, state.kept)
    expire(signals, state.kept)
  end
  redis.call('HSET', place, run, cjson.encode(state))
end

local function add(state, number, data)
  redis.call('XADD', entries, string.format('%.0f-0', number), 'd', data)
  state.last = number
  -- It is only now that there is a key to keep.
  if number == 1 then state.kept = 0 end
end

-- One entry for a stop, and one for the end: a producer that waits is woken by them.
local function signal(key, id, state)
  redis.call('XADD', key, id, 's', '')
  expire(key, state.drop + state.lease)
end
`;

/**
 * ARGV: the token, the lease, the time to live, whether to replace others, and the names of those whose signals are the
 * further KEYS. Gives 1 and the name of the run that is in the way; 0 and the names of those whose signals are needed to
 * stop them; -1 if there is a run of this name.
 */
export const BEGIN: RedisScript = `${PRELUDE}
local token, lease, keepMs, replace = ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6] == '1'
local given = {}
for i = 7, #ARGV do given[ARGV[i]] = KEYS[i - 3] end

local mine = find()
if mine then return mine.token == token and {} or -1 end

local n, open, missing, live = 0, {}, false, nil
local all = redis.call('HGETALL', place)
for i = 1, #all, 2 do
  local state = cjson.decode(all[i + 1])
  if now >= state.drop or all[i] == run then
    redis.call('HDEL', place, all[i])
  else
    n = math.max(n, state.n)
    if not state.ended then
      open[#open + 1] = { name = all[i], state = state }
      missing = missing or not given[all[i]]
      if not lapsed(state) and (not live or state.n < live.state.n) then live = open[#open] end
    end
  end
end
if live and not replace then return { 1, live.name .. mark } end
if missing then
  local names = { 0 }
  for i, other in ipairs(open) do names[i + 1] = other.name .. mark end
  return names
end
for _, other in ipairs(open) do
  if not other.state.stop then
    other.state.stop = 'replaced'
    redis.call('HSET', place, other.name, cjson.encode(other.state))
    signal(given[other.name], '1-0', other.state)
  end
end
redis.call('DEL', entries, signals)
local state = { n = n + 1, token = token, beat = -1, keepMs = keepMs, last = 0, ended = false, kept = 0 }
renew(state, lease)
save(state)
return {}
`;

/**
 * KEYS: those of one run after another. ARGV: after the mark, for each of them its name, the token, the number of the first
 * entry, how many there are, and the entries. Gives, for each, whether the run is held, and its stop if any.
 */
export const APPEND: RedisScript = `${PRELUDE}
local answers, at = {}, 2
for i = 1, #KEYS, 3 do
  place, entries, signals, run = KEYS[i], KEYS[i + 1], KEYS[i + 2], ARGV[at]
  local token, first, count = ARGV[at + 1], tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  local state = find()
  local stop = state and state.stop and state.stop .. mark or nil
  if not state or state.ended or state.token ~= token or first > state.last + 1 then
    answers[#answers + 1] = { 0, stop }
  else
    for nth = 0, count - 1 do
      local number = first + nth
      if number > state.last then add(state, number, ARGV[at + 4 + nth]) end
    end
    renew(state, state.lease)
    save(state)
    answers[#answers + 1] = { 1, stop }
  end
  at = at + 4 + count
end
return answers
`;

/** ARGV: `token` or `beat`, its value, the number of the entry, and the entry. Gives 1 if this is the end of the run. */
export const END: RedisScript = `${PRELUDE}
local kind, by, number, entry = ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[6]
local id = string.format('%.0f-0', number)
local state = find()
if not state then return 0 end
if state.ended then
  local last = redis.call('XRANGE', entries, id, id)[1]
  return number == state.last and last[2][2] == entry and 1 or 0
end
local may = kind == 'token' and state.token == by
if kind == 'beat' then may = state.beat == tonumber(by) and lapsed(state) end
if not may or number ~= state.last + 1 then return 0 end
add(state, number, entry)
state.ended = true
state.drop = now + state.keepMs
state.kept = 0
signal(signals, '2-0', state)
save(state)
return 1
`;

/** ARGV: the beat, the new token and its lease. Gives 1 if the lease is taken. */
export const TAKE: RedisScript = `${PRELUDE}
local beat, token, lease = tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[5])
local state = find()
if not state or state.ended then return 0 end
if state.token == token then return 1 end
if state.beat ~= beat or not lapsed(state) then return 0 end
state.token = token
renew(state, lease)
save(state)
return 1
`;

/**
 * ARGV: the number after which entries are read, the most of them, and the most bytes, after which it gives no more.
 * Gives the state of the run as numbers, the reason of its stop if it has one, and the entries; an empty list if the run
 * is not there.
 */
export const READ: RedisScript = `${PRELUDE}
local after, most, bytes = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local state = find()
if not state then return false end
local list, size = {}, 0
while #list < most and size < bytes and after + #list < state.last do
  local from = string.format('%.0f-0', after + #list + 1)
  local page = redis.call('XRANGE', entries, from, '+', 'COUNT', math.min(64, most - #list))
  if #page == 0 then break end
  for _, entry in ipairs(page) do
    list[#list + 1] = entry[2][2] .. mark
    size = size + #entry[2][2]
  end
end
local stop = state.stop and state.stop .. mark or nil
return {
  { state.beat, lapsed(state) and 1 or 0, state.lease, state.last, state.ended and 1 or 0, stop },
  list
}
`;

/** ARGV: the reason. Gives 1 if the run goes on. */
export const STOP: RedisScript = `${PRELUDE}
local state = find()
if not state or state.ended then return 0 end
if not state.stop then
  state.stop = ARGV[3]
  signal(signals, '1-0', state)
  save(state)
end
return 1
`;

/** KEYS: the hash of the place alone. Gives the name of the run that was begun last, or nothing. */
export const LATEST: RedisScript = `${PRELUDE}
local n, latest = 0, false
local all = redis.call('HGETALL', place)
for i = 1, #all, 2 do
  local state = cjson.decode(all[i + 1])
  if now < state.drop and state.n > n then n, latest = state.n, all[i] .. mark end
end
return latest
`;

/**
 * KEYS: the hash of the place, then the entries and signals of each run named in ARGV. Gives the names of the runs that
 * are left. For a second a stub is left of each stream, since those that wait are only woken by what is added.
 */
export const REMOVE: RedisScript = `${PRELUDE}
for i = 2, #ARGV do
  local text = redis.call('HGET', place, ARGV[i])
  local last = text and cjson.decode(text).last or 0
  local ids = { string.format('%.0f-0', last + 1), '3-0' }
  for j = 1, 2 do
    local key = KEYS[2 * i - 3 + j]
    redis.call('DEL', key)
    redis.call('XADD', key, ids[j], 's', '')
    expire(key, now + 1000)
  end
  redis.call('HDEL', place, ARGV[i])
end
local names = redis.call('HKEYS', place)
for i, name in ipairs(names) do names[i] = name .. mark end
return names
`;

/** KEYS: streams. ARGV: for each, the number of the entry after which it is read. Gives the places of those that have more. */
export const READY: RedisScript = `
local ready = {}
for i, key in ipairs(KEYS) do
  local from = string.format('%.0f-0', tonumber(ARGV[i]) + 1)
  if #redis.call('XRANGE', key, from, '+', 'COUNT', 1) > 0 then ready[#ready + 1] = i end
end
return ready
`;

/** KEYS: the stream that a blocked connection reads to be interrupted. ARGV: the number of the entry. */
export const INTERRUPT: RedisScript = `
redis.call('XADD', KEYS[1], 'MAXLEN', 1, ARGV[1] .. '-0', 's', '')
redis.call('PEXPIRE', KEYS[1], 60000)
return 1
`;

/** Runs scripts: with their text the first time, and by their hash from then on. */
export class Scripts {
  readonly #link: RedisLink;
  readonly #hashes = new Map<RedisScript, string>();

  constructor(link: RedisLink) {
    this.#link = link;
  }

  run(script: RedisScript, keys: string[], args: string[]): Promise<unknown> {
    return answered(this.#run(script, keys, args), LIMIT_MS);
  }

  async #run(script: RedisScript, keys: string[], args: string[]): Promise<unknown> {
    const hash = this.#hashes.get(script);
    if (hash !== undefined) {
      try {
        return await this.#link.run("EVALSHA", hash, keys, args);
      } catch (error) {
        // Redis was restarted, or this is another node of a cluster. glide has words of its own.
        if (!/NOSCRIPT|NoScriptError/.test(String(error))) throw error;
      }
    }
    const reply = await this.#link.run("EVAL", script, keys, args);
    if (hash === undefined) this.#hashes.set(script, await sha1(script));
    return reply;
  }
}

async function sha1(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-1", new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
