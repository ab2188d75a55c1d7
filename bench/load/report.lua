-- What wrk runs with: what to send, and the result as one line of JSON. Without a function `request` of ours wrk keeps
-- sending one ready-made request, so the script costs nothing while it counts.

function init(args)
   if args[1] == "upload" then
      wrk.method = "POST"
      wrk.body = string.rep("x", tonumber(args[2]))
   end
end

function done(summary, latency)
   local failed = summary.errors
   local errors = failed.connect + failed.read + failed.write + failed.status + failed.timeout
   io.write(string.format(
      '{"requests": %d, "bytes": %d, "duration_us": %d, "errors": %d, "p50_us": %d, "p99_us": %d}\n',
      summary.requests, summary.bytes, summary.duration, errors, latency:percentile(50), latency:percentile(99)
   ))
end
