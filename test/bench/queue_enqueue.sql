\set user random(1, :users)
SELECT helix.enqueue_execution(NULL, p_payload => '{"to": "somebody"}', p_operation_id => 'email-compose',
    p_user_id => ('aaaaaaaa-0000-4000-8000-' || lpad(:user::text, 12, '0'))::uuid);
