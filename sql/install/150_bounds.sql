-- The bounds of what clients write straight into tables. docs/limits.md lists them all.
CREATE FUNCTION helix_internal.check_bounds() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_check_bounds';
COMMENT ON FUNCTION helix_internal.check_bounds() IS
    'Before insert or update: each argument names a column and its bound. "text n": at most n characters (22001). "amount": USD '
    'from 0 to below 10^9 with at most 40 decimals (22003). "price": the same with 12 decimals. "percent": 0 to 100 with at most '
    '40 decimals (22003). "json": at most 65,536 bytes and 64 levels (22023). "object": the same for an object (22023).';
CREATE FUNCTION helix_internal.apply_defaults() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_apply_defaults';
COMMENT ON FUNCTION helix_internal.apply_defaults() IS
    'Before insert or update: null in a column that must have a value stands for the column''s default';
CREATE FUNCTION helix_internal.check_row_count() RETURNS trigger
    LANGUAGE c SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'helix_check_row_count';
COMMENT ON FUNCTION helix_internal.check_row_count() IS
    'After insert: the argument names a setting, and a user may have that many rows. 22023 where the user of the row has more. '
    'The owner of helix is not bound.';
