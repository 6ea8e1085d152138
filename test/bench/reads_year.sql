SELECT * FROM helix.get_all_operation_metrics('00000000-0000-0000-0000-000000007002', now() - interval '1 year', now());
