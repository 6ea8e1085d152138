SELECT helix.enqueue_execution(NULL, p_payload => '{"to": "somebody"}', p_user_id => 'aaaaaaaa-0000-4000-8000-000000000001',
    p_operation_id => 'email-compose');
