\set user random(:first, :last)
\set latency random(200, 5000)
SELECT helix.record_operation_execution(lpad(:user, 32, '0')::uuid, 'email-classify', current_date, true, :latency, NULL,
    'openai', 'gpt-5-mini', p_usage => :usage);
