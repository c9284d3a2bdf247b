-- Posts to one path with a key per request, in turn, and a number that no other request has.
-- Arguments: path, file of keys, body with @ for the number (nine digits), first number,
-- more header lines.
-- Ends with one line of JSON.

local starts, before, after = {}, "", nil
local number = 0

function init(args)
  local path, keys, body = args[1], args[2], args[3]
  number = tonumber(args[4])
  local at = body:find("@", 1, true)
  if at then
    before, after = body:sub(1, at - 1), body:sub(at + 1)
  else
    before = body
  end
  local length = at and #body + 8 or #body
  for key in io.lines(keys) do
    starts[#starts + 1] = "POST " .. path .. " HTTP/1.1\r\nHost: 127.0.0.1\r\n" ..
      "Authorization: Bearer " .. key .. "\r\nContent-Type: application/json\r\n" ..
      "Content-Length: " .. length .. "\r\n" .. (args[5] or "") .. "\r\n" .. before
  end
end

function request()
  number = number + 1
  local start = starts[number % #starts + 1]
  return after and start .. string.format("%09d", number) .. after or start
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests": %d, "seconds": %f, "p50_ms": %f, "p99_ms": %f, "refused": %d, "broken": %d}\n',
    summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
