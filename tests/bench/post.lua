-- wrk: POSTs the file BENCH_BODY and prints one line of JSON at the end. BENCH_HEADER_LENGTH: the
-- length of its JSON part, if binary tensors follow.
local file = assert(io.open(os.getenv("BENCH_BODY"), "rb"))
local header_length = os.getenv("BENCH_HEADER_LENGTH")
wrk.method = "POST"
wrk.body = file:read("*a")
if header_length and header_length ~= "" then
  wrk.headers["Content-Type"] = "application/octet-stream"
  wrk.headers["Inference-Header-Content-Length"] = header_length
else
  wrk.headers["Content-Type"] = "application/json"
end
file:close()

function done(summary, latency, requests)
  io.write(string.format(
    'BENCH {"requests": %d, "seconds": %.6f, "p50_us": %.1f, "p99_us": %.1f, "errors": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50), latency:percentile(99),
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write +
      summary.errors.timeout))
end
