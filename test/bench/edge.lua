-- Recordings over helix-edge, for wrk: 1,000 users and, for one of ten calls, a service; one call of a hundred is refused.
-- env: TOKENS (a file: a user's id and token a line, the service's last), RUN (makes request ids unique), CHECK (looks at each
-- answer; without it those that are not 2xx count as refused).
local threads = {}

function setup(thread)
   thread:set("number", #threads)
   table.insert(threads, thread)
end

-- What a request has of its user is put together once: the time of the client is not what is measured.
function init()
   heads, bodies = {}, {}
   for line in io.lines(os.getenv("TOKENS")) do
      local user, token = line:match("^(%S+) (%S+)$")
      table.insert(heads, "POST /rest/v1/rpc/record_operation_execution HTTP/1.1\r\nHost: " .. wrk.host
         .. "\r\nAuthorization: Bearer " .. token .. "\r\nContent-Type: application/json\r\nContent-Length: ")
      table.insert(bodies, '{"p_user_id":"' .. user .. '","p_operation_id":"')
   end
   service = table.remove(heads)
   table.remove(bodies)
   run, sent, recorded, refused, other = os.getenv("RUN"), 0, 0, 0, 0
   math.randomseed(number + 1)
end

function request()
   local one = math.random(#bodies)
   local operation = sent % 100 == 99 and "nothing" or "email-classify"
   sent = sent + 1
   local body = bodies[one] .. operation .. string.format('","p_date":null,"p_success":true,"p_latency_ms":%d,'
      .. '"p_cost_usd":0.%06d,"p_model_used":"anthropic","p_model":"claude-haiku-4-5","p_input_tokens":%d,"p_output_tokens":%d,'
      .. '"p_request_id":"%s-%d-%d"}', math.random(200, 5000), math.random(99999), math.random(4000), math.random(900),
      run, number, sent)
   return (sent % 10 == 0 and service or heads[one]) .. #body .. "\r\n\r\n" .. body
end

-- Only where CHECK is set, as wrk then reads all of each answer.
if os.getenv("CHECK") then
   function response(status, headers, body)
      if status == 200 and body:match("^%d+$") then
         recorded = recorded + 1
      elseif status == 400 and body:match("nothing") then
         refused = refused + 1
      else
         other = other + 1
      end
   end
end

function done(summary, latency)
   local sums = { recorded = 0, refused = 0, other = 0 }
   for _, thread in ipairs(threads) do
      for name in pairs(sums) do
         sums[name] = sums[name] + thread:get(name)
      end
   end
   if not os.getenv("CHECK") then
      sums.refused = summary.errors.status
      sums.recorded = summary.requests - summary.errors.status
   end
   io.write(string.format("result %d %d %d %.1f %.3f %.3f\n", sums.recorded, sums.refused, sums.other,
      summary.requests / summary.duration * 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
