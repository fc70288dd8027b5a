-- Requests for wrk (https://github.com/wg/wrk/blob/master/SCRIPTING). After "--":
--   KIND    list | look (twenty times a second on each connection) | mix | book | hot | cold | get | login
--   TOKENS  a file with an access token a line: those of members 0, 1, 2 …
--   BASE    the beginning of the first window, in seconds since 1970
--   FIRST   the number of the first booking: another run must not wish for the same
--   PATH    of "get"
--   SEATS   how many there are
local threads = 0

function setup(thread)
  thread:set("index", threads)
  threads = threads + 1
  thread:set("step", 0)
  all = all or {}
  table.insert(all, thread)
end

local kind, tokens, base, first, path
local seats, readers, windows, logins = 200, 1000, 50, 64
local minute, hour = 60, 3600

local function at(seconds)
  return os.date("!%Y-%m-%dT%H:%M:%SZ", seconds)
end

local function get(where)
  local reader = tokens[(step * 7919 + index * 31) % math.min(readers, #tokens) + 1]
  return wrk.format("GET", where, { ["Authorization"] = "Bearer " .. reader })
end

local function list(window)
  local start = base + window * hour
  return get("/api/seat?start=" .. at(start) .. "&end=" .. at(start + hour))
end

local function book(member, seat, start)
  local body = string.format('{"seat_id":"00000000-0000-7000-9000-%012x","start":"%s","end":"%s"}',
    seat, at(start), at(start + 15 * minute))
  return wrk.format("POST", "/api/reservations",
    { ["Authorization"] = "Bearer " .. tokens[member % #tokens + 1], ["Content-Type"] = "application/json" }, body)
end

-- Nobody books twice, and no two want one seat at one time.
local function next_booking()
  local number = first + booked * 2 + index
  booked = booked + 1
  return book(number, number % seats, base + math.floor(number / seats) * 15 * minute)
end

local kinds = {
  list = function() return list(0) end,
  look = function() return list(0) end,
  mix = function()
    if step % 20 == 19 then return next_booking() end
    return list((step * 13) % windows)
  end,
  book = next_booking,
  hot = function() return book((step * 2 + index) % readers, 0, base) end,
  -- A window that begins within a second is nobody else's: it is not kept.
  cold = function()
    local from = string.format(".%03dZ", step % 999 + 1)
    local start, to = os.date("!%Y-%m-%dT%H:%M:%S", base), os.date("!%Y-%m-%dT%H:%M:%S", base + hour)
    return get("/api/seat?start=" .. start .. from .. "&end=" .. to .. from)
  end,
  get = function() return get(path) end,
  login = function()
    local body = string.format('{"email":"member%d@bench.example","password":"a password of the bench"}',
      (step * 2 + index) % logins)
    return wrk.format("POST", "/api/auth/login", { ["Content-Type"] = "application/json" }, body)
  end,
}

function init(args)
  kind, base, first, path, seats = args[1], tonumber(args[3]), tonumber(args[4]), args[5], tonumber(args[6]) or seats
  tokens = {}
  for line in io.lines(args[2]) do table.insert(tokens, line) end
  booked = 0
  if kind == "look" then
    function delay() return 50 end
  end
end

function request()
  step = step + 1
  return kinds[kind]()
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"refused":%d,"broken":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), errors.status,
    errors.connect + errors.read + errors.write + errors.timeout))
end
