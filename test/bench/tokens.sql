\set user random(:first, :last)
\set latency random(200, 5000)
\set input random(100, 4000)
\set output random(0, 900)
SELECT helix.record_operation_execution(lpad(:user, 32, '0')::uuid, 'email-classify', current_date, true, :latency, NULL,
    'anthropic', 'claude-haiku-4-5', :input, 0, :output);
