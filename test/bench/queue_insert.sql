\set user random(1, :users)
INSERT INTO bench.bare (id, user_id, operation_id, triggered_by, priority, ready_at, run_at, max_attempts, run_as, payload)
    VALUES (gen_random_uuid(), ('aaaaaaaa-0000-4000-8000-' || lpad(:user::text, 12, '0'))::uuid, 'email-compose', 'manual', 5,
        clock_timestamp(), clock_timestamp(), 3, current_user, '{"to": "somebody"}');
