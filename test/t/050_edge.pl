# Proves that helix-edge answers over HTTP what PostgREST would: calls, errors, webhooks, health, and the database coming and going.
use strict;
use warnings;

use Digest::SHA qw(hmac_sha256_hex);
use FindBin;
use lib "$FindBin::RealBin/lib";
use EdgeTest;
use HelixTest;
use PostgreSQL::Test::Utils;
use Test::More;

my ($ada, $bob) = map { user_id($_) } 1, 2;
my ($node, $folder) = edge_node('node');
append_to_file("$folder/webhook", 'whisper');
sub sql { return $node->safe_psql('postgres', $_[0]) }
my $edge = start_edge($node, '--database', $node->connstr('postgres') . ' user=edge');

my $adas = token_of(role => 'authenticated', sub => $ada);
my $service = token_of(role => 'service_role');
my $body;

sub recording {
    my (%fields) = @_;
    my %all = (p_user_id => qq("$ada"), p_operation_id => '"email-compose"', p_date => 'null', p_success => 'true',
        p_latency_ms => 1240, p_cost_usd => 0.25, p_model_used => '"anthropic"', %fields);
    return '{' . join(',', map { qq("$_": $all{$_}) } sort keys %all) . '}';
}

sub answers {
    my ($response, $status, $pattern, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is($response && $response->{status}, $status, "$name: status $status") or diag($response && $response->{body});
    return like($response->{body}, $pattern, $name);
}

subtest 'health' => sub {
    answers(request($edge, 'GET', '/healthz'), 200, qr/^alive$/, 'it lives');
    answers(request($edge, 'GET', '/readyz'), 200, qr/^ready$/, 'and has its database');
    answers(request($edge, 'GET', '/nowhere'), 404, qr/not found/, 'an unknown address');
};

subtest 'results' => sub {
    answers(rpc($edge, $adas, 'record_operation_execution', recording()), 200, qr/^1$/, 'a scalar');
    answers(rpc($edge, $adas, 'record_operation_execution', recording(p_cost_usd => '0.000000000001')), 200, qr/^2$/,
        'a JSON number keeps every digit');
    is(sql("SELECT sum(cost_usd) FROM helix.executions WHERE user_id = '$ada'"), '0.250000000001', 'as the ledger has it');
    answers(rpc($edge, $adas, 'get_total_monthly_cost', qq({"p_user_id": "$ada"})), 200, qr/^0\.250000000001$/, 'a numeric');
    answers(rpc($edge, $adas, 'current_user_id'), 200, qr/^"$ada"$/, 'a uuid is a string; without arguments');
    answers(rpc($edge, $service, 'current_user_id', ''), 200, qr/^null$/, 'null; without a body');
    my $void = rpc($edge, $adas, 'update_cost_budget', qq({"p_user_id": "$ada", "p_amount": 5}));
    is("$void->{status} $void->{body}", '204 ', 'void is 204');
    is($void->{headers}{'content-length'}, undef, 'without a length');
    my $rows = rpc($edge, $adas, 'get_cost_trends', qq({"p_user_id": "$ada", "p_days": 7}));
    answers($rows, 200, qr/^\[\{"user_id":"$ada",.*"total_operations":2,"total_cost_usd":0\.250000000001,.*\}\]$/, 'a set of rows');
    is($rows->{headers}{'content-range'}, '0-0/*', 'with its range');
    answers(rpc($edge, $adas, 'get_cost_trends', qq({"p_user_id": "$ada", "p_days": 7}),
            Accept => 'application/vnd.pgrst.object+json'), 200, qr/^\{"user_id"/, 'one row of it alone');
    my $none = rpc($edge, $service, 'get_cost_trends', qq({"p_user_id": "$bob", "p_days": 7}));
    answers($none, 200, qr/^\[\]$/, 'an empty set');
    is($none->{headers}{'content-range'}, '*/*', 'and its range');
    answers(rpc($edge, $adas, 'record_operation_executions', '{"p_executions": [' . join(',', map {
                    qq({"user_id": "$ada", "operation_id": "email-compose", "success": true, "cost_usd": $_})
                } 1, 2) . ']}'), 200, qr/^\[3,4\]$/, 'an array; the overload is chosen by the names');
};

subtest 'GET' => sub {
    answers(request($edge, 'GET', "/rest/v1/rpc/get_total_monthly_cost?p_user_id=$ada", undef, signed_in($adas)), 200,
        qr/^3\.250000000001$/, 'arguments in the address');
    my $head = request($edge, 'HEAD', "/rest/v1/rpc/get_total_monthly_cost?p_user_id=$ada", undef, signed_in($adas));
    is("$head->{status} $head->{headers}{'content-length'}", '200 14', 'HEAD tells the length');
    answers(request($edge, 'GET', '/rest/v1/rpc/record_operation_execution?p_operation_id=email-compose&p_success=true'
                . "&p_user_id=$ada&p_latency_ms=1&p_cost_usd=1&p_model_used=openai&p_date=2026-11-27", undef, signed_in($adas)),
        405, qr/"code":"25006"/, 'what writes is refused');
    is(sql("SELECT count(*) FROM helix.executions WHERE cost_usd = 1 AND model_used = 'openai'"), '0', 'and nothing is written');
};

subtest 'forms' => sub {
    my $sum = sub { request($edge, 'POST', '/rest/v1/rpc/get_total_monthly_cost', $_[0],
            'Content-Type' => 'application/x-www-form-urlencoded', signed_in($adas)) };
    answers($sum->("p_user_id=$ada"), 200, qr/^3\.250000000001$/, 'arguments as a form has them');
    answers($sum->("p_user_id=$ada$_"), 400, qr/PGRST100/, 'no text has a NUL') for '%00', "\0";
};

subtest 'shapes' => sub {
    my $metrics = sub {
        my ($query, %headers) = @_;
        return request($edge, 'POST', "/rest/v1/rpc/get_all_operation_metrics?$query",
            qq({"p_user_id": "$ada", "p_start": "2000-01-01", "p_end": "2100-01-01"}), 'Content-Type' => 'application/json',
            signed_in($adas), %headers);
    };
    rpc($edge, $adas, 'record_operation_execution', recording(p_operation_id => '"task-breakdown"', p_cost_usd => 7));
    answers($metrics->('select=operation_id,cost:total_cost_usd::text&order=operation_id.desc'), 200,
        qr/^\[\{"operation_id":"task-breakdown","cost":"7"\}, \n \{"operation_id":"email-compose","cost":"3\.250000000001"\}\]$/,
        'columns, an alias, a cast, an order');
    answers($metrics->('select=operation_id&order=total_cost_usd.asc.nullslast&limit=1&offset=1'), 200,
        qr/^\[\{"operation_id":"task-breakdown"\}\]$/, 'a part of them');
    answers($metrics->('select=nothing'), 400, qr/"code":"42703"/, 'an unknown column');
    answers($metrics->($_), 400, qr/PGRST100/, "what is not understood is refused: $_")
      for qw(select=a(b) order=operation_id.up limit=-1 limit=x operation_id=eq.email-compose select=a"b select=a%00);
    answers($metrics->('', Accept => 'application/vnd.pgrst.object+json'), 406, qr/PGRST116.*contains 2 rows/, 'one of two');
    my $one = '{"p_executions": [' . join(',', map {
            qq({"user_id": "$ada", "operation_id": "email-compose", "success": true, "cost_usd": $_})
        } 11, 12) . ']}';
    answers(rpc($edge, $adas, 'record_operation_executions_each', $one, Accept => 'application/vnd.pgrst.object+json'), 406,
        qr/contains 2 rows/, 'one row of a call that writes two');
    is(sql('SELECT count(*) FROM helix.executions WHERE cost_usd IN (11, 12)'), '0', 'which are not written then');
    answers(rpc($edge, $adas, 'current_user_id?limit=1'), 400, qr/PGRST100/, 'a scalar has no columns');
};

subtest 'errors' => sub {
    my %calls = (
        'another user' => [ 403, '42501', $adas, 'get_total_monthly_cost', qq({"p_user_id": "$bob"}) ],
        'no sign-in' => [ 401, '42501', undef, 'get_total_monthly_cost', qq({"p_user_id": "$ada"}) ],
        'not granted' => [ 403, '42501', $adas, 'fold', '{}' ],
        'no such function' => [ 404, 'PGRST202', $adas, 'nothing_of_the_kind', '{}' ],
        'no such parameter' => [ 404, 'PGRST202', $adas, 'get_total_monthly_cost', '{"p_user": 1}' ],
        'a parameter is missing' => [ 404, 'PGRST202', $adas, 'get_total_monthly_cost', '{}' ],
        'a recording lacks a parameter' =>
          [ 404, 'PGRST202', $adas, 'record_operation_execution', recording() =~ s/"p_latency_ms": 1240,//r ],
        'a function of another schema' => [ 404, 'PGRST202', $service, 'now', '{}' ],
        'a bad uuid' => [ 400, '22P02', $adas, 'get_total_monthly_cost', '{"p_user_id": "ada"}' ],
        'an unknown operation' => [ 400, '42704', $adas, 'record_operation_execution', recording(p_operation_id => '"none"') ],
        'a negative cost' => [ 400, '22003', $adas, 'record_operation_execution', recording(p_cost_usd => -1) ],
        'no object' => [ 400, 'PGRST102', $adas, 'get_total_monthly_cost', '[1]' ],
        'half of an object' => [ 400, 'PGRST102', $adas, 'get_total_monthly_cost', '{"p_user_id": ' ],
        'broken JSON within' => [ 400, '22P02', $adas, 'get_total_monthly_cost', '{"p_user_id": nul}' ],
    );
    for my $name (sort keys %calls) {
        my ($status, $code, @call) = @{ $calls{$name} };
        answers(rpc($edge, @call), $status, qr/^\{"code":"$code","details":.*,"hint":.*,"message":".+"\}$/, $name);
    }
    my $refused = rpc($edge, $adas, 'record_operation_execution', recording(p_operation_id => '"none"'));
    like(json_of($refused, 'details'), qr/none/, 'the detail names the value');
    like(json_of($refused, 'hint'), qr/helix\.operations/, 'the hint names the mend');
    answers(rpc($edge, $adas, 'current_user_id', '{}', 'Content-Profile' => 'public'), 406, qr/PGRST106/, 'another schema');
    answers(rpc($edge, $adas, 'current_user_id', '{}', Accept => 'text/csv'), 406, qr/PGRST107/, 'another form');
    answers(rpc($edge, $adas, 'current_user_id', '{}', 'Content-Type' => 'text/xml'), 415, qr/PGRST102/, 'another body');
    answers(request($edge, 'PUT', '/rest/v1/rpc/current_user_id', '{}'), 405, qr/PGRST101/, 'another method');
};

subtest 'tokens' => sub {
    my %bad = (
        'rubbish' => 'x.y.z',
        'another secret' => token('another secret of 32 characters!!', role => 'authenticated', sub => $ada, exp => time + 600),
        'expired' => token_of(role => 'authenticated', sub => $ada, exp => time - 60),
        'a role that is not the API\'s' => token_of(role => 'postgres', sub => $ada),
        'too long' => 'a' x 9000,
    );
    for my $name (sort keys %bad) {
        my $response = rpc($edge, $bad{$name}, 'current_user_id');
        answers($response, 401, qr/"message":"the token is not accepted"/, $name);
        is($response->{headers}{'www-authenticate'}, 'Bearer', "$name: and how to sign in");
    }
    answers(rpc($edge, $adas, 'current_user_id'), 200, qr/$ada/, 'the right one still counts');
    answers(rpc($edge, token_of(role => 'authenticated', sub => $bob), 'current_user_id'), 200, qr/$bob/, 'and each is its own');
};

subtest 'webhooks' => sub {
    my $schedule = sql(<<"SQL");
INSERT INTO helix.operation_schedules (user_id, operation_id, schedule_type, webhook_scheme, webhook_secret_ref)
VALUES ('$ada', 'email-classify', 'webhook', 'hmac-sha256-hex', 'file://$folder/webhook') RETURNING id
SQL
    my $call = sub {
        my ($id, $payload, %headers) = @_;
        return request($edge, 'POST', "/functions/v1/webhook-trigger?id=$id", $payload, %headers);
    };
    my $bytes = join '', map { chr } 0 .. 255;
    answers($call->($schedule, $bytes, 'X-Webhook-Signature' => hmac_sha256_hex($bytes, 'whisper')), 202, qr/^\{"accepted": true/,
        'bytes that are no text');
    is(sql("SELECT payload ->> 'base64' FROM helix.webhook_events WHERE execution_id IS NOT NULL"),
        MIME::Base64::encode_base64($bytes, ''), 'are queued as they came');
    answers($call->($schedule, $bytes, 'X-Webhook-Signature' => hmac_sha256_hex($bytes, 'whisper')), 202, qr/"duplicate": true/,
        'a second delivery');
    answers($call->($schedule, 'x', 'X-Webhook-Signature' => 'f' x 64), 401, qr/^\{"error": "the signature is wrong"\}$/,
        'a wrong one');
    answers($call->($schedule, 'x'), 401, qr/"error"/, 'none');
    answers($call->($ada, 'x'), 404, qr/"error"/, 'an unknown schedule');
    answers($call->('', 'x'), 400, qr/"error"/, 'no schedule');
    answers($call->($schedule, ''), 400, qr/"error"/, 'no body');
    answers($call->($ada, 'x', 'X-Schedule-Id' => $schedule, 'X-Webhook-Signature' => hmac_sha256_hex('x', 'whisper')), 404,
        qr/"error"/, 'a header of the sender\'s does not choose the schedule');
    answers($call->($schedule, 'x', Authorization => 'Bearer x', 'X-Webhook-Signature' => hmac_sha256_hex('x', 'whisper')), 202,
        qr/"accepted"/, 'a sender\'s own token is nobody\'s business');
    my $put = request($edge, 'PUT', "/functions/v1/webhook-trigger?id=$schedule", 'x');
    is("$put->{status} $put->{headers}{allow}", '405 POST, GET', 'another method');
    answers($call->($schedule, 'x' x (1024 * 1024 + 1)), 413, qr/^\{"error": "the body is too large"\}$/, 'too much');

    sql("UPDATE helix.operation_schedules SET webhook_scheme = 'meta' WHERE id = '$schedule'");
    my $verify = sql("SELECT helix.webhook_verify_token('$schedule')");
    my $challenge = request($edge, 'GET', "/functions/v1/webhook-trigger?id=$schedule&hub.mode=subscribe&hub.challenge=a%20b"
            . "&hub.verify_token=$verify");
    answers($challenge, 200, qr/^a b$/, 'a challenge of text is repeated without quotes');
    is($challenge->{headers}{'content-type'}, 'text/plain', 'as text');
};

subtest 'what the call can see' => sub {
    sql(<<'SQL');
CREATE FUNCTION helix.seen() RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_object_agg(name, current_setting(name, true)) FROM unnest(ARRAY['role', 'request.jwt.claims', 'request.method',
        'request.path', 'request.headers', 'search_path', 'transaction_read_only']) name $$;
CREATE FUNCTION helix.told(p_status text, p_headers text, p_local bool DEFAULT true) RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT set_config('response.status', p_status, p_local); SELECT set_config('response.headers', p_headers, p_local);
    SELECT 'done' $$;
SQL
    sleep 2; # the catalog is read again once a second at most
    my $seen = rpc($edge, $adas, 'seen', '{}', traceparent => '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
        apikey => 'canary', Cookie => 'canary', 'X-Latin' => "caf\xe9")->{body};
    like($seen, qr/"role" : "authenticated"/, 'the role');
    like($seen, qr/\\"sub\\": ?\\"$ada\\"/, 'the claims');
    like($seen, qr{"request.path" : "/rpc/seen"}, 'the path');
    like($seen, qr/traceparent\\":\\"00-4bf92f3577b34da6a3ce929d0e0e4736/, 'the trace');
    like($seen, qr/caf\xc3\xa9/, 'a header in Latin 1, as UTF-8');
    like($seen, qr/"transaction_read_only" : "on"/, 'a stable function only reads');
    unlike($seen, qr/canary|Bearer/, 'no secret of the caller');
    my $told = rpc($edge, $service, 'told',
        '{"p_status": "418", "p_headers": "[{\"X-Tea\": \"pot\"}, {\"Content-Type\": \"a/b\"}]"}');
    is("$told->{status} $told->{headers}{'x-tea'} $told->{headers}{'content-type'} $told->{body}", '418 pot a/b "done"',
        'response.status and response.headers');
    answers(rpc($edge, $service, 'told', '{"p_status": "200", "p_headers": "[{\"X\": \"a\\\\r\\\\nSet-Cookie: b\"}]"}'), 500,
        qr/PGRST111/, 'no header is smuggled into an answer');
    answers(rpc($edge, $service, 'told', '{"p_status": "99", "p_headers": ""}'), 500, qr/PGRST112/, 'no status either');
    is(rpc($edge, $service, 'told', '{"p_status": "", "p_headers": ""}')->{status}, 200, 'nothing of it is left for the next call');
    is(rpc($edge, $service, 'told', '{"p_status": "418", "p_headers": "[{\"X-Tea\": \"pot\"}]", "p_local": false}')->{status}, 418,
        'told for the whole session');
    my @after = map { rpc($edge, $service, 'current_user_id') } 1 .. 10;
    is(scalar(grep { $_->{status} == 200 && !$_->{headers}{'x-tea'} } @after), 10, 'nothing of that is left either');
    answers(rpc($edge, $service, 'told', qq({"p_status": "200", "p_headers": "[{\\"$_\\": \\"3\\"}]"})), 500, qr/PGRST111/,
        "$_ is the edge's to tell")
      for 'content-length', 'Transfer-Encoding', 'Connection';
    for my $status (204, 304) {
        my $json = qq({"p_status": "$status", "p_headers": ""});
        my $socket = connect_edge($edge);
        syswrite $socket, "POST /rest/v1/rpc/told HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer $service\r\n"
          . "Content-Length: @{[length $json]}\r\n\r\n${json}GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";
        is(read_response($socket)->{status}, $status, "a status without a body: $status");
        my $next = read_response($socket);
        is($next && $next->{body}, "alive\n", 'so the next answer begins where it should');
    }
    sql('DROP FUNCTION helix.seen(), helix.told(text, text, bool)');
};

subtest 'what a call leaves behind' => sub {
    sql(<<'SQL');
CREATE FUNCTION helix.leave() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    CREATE TEMPORARY TABLE left_behind AS SELECT 1;
    EXECUTE 'PREPARE left_behind AS SELECT 1';
    LISTEN left_behind;
    PERFORM pg_advisory_lock(4711), set_config('my.secret', 'left', false), set_config('search_path', 'public', false),
        set_config('statement_timeout', '1d', false), set_config('request.jwt.claim.sub', 'left', false),
        set_config('role', 'service_role', false);
    RETURN current_user;
END $$;
CREATE FUNCTION helix.lock_and_fail() RETURNS int LANGUAGE sql VOLATILE AS $$ SELECT pg_advisory_lock(4711); SELECT 1 / 0 $$;
CREATE FUNCTION helix.found() RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object('role', current_user, 'secret', current_setting('my.secret', true),
        'path', current_setting('search_path'), 'time', current_setting('statement_timeout'),
        'sub', current_setting('request.jwt.claim.sub', true), 'table', to_regclass('pg_temp.left_behind'),
        'prepared', (SELECT count(*) FROM pg_prepared_statements WHERE from_sql),
        'channels', (SELECT count(*) FROM pg_listening_channels()), 'pid', pg_backend_pid(),
        'locks', (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711)) $$;
SQL
    my $single = start_edge($node, '--database-connections', 1); # so that one caller follows the other
    my $found = sub { return rpc($single, $adas, 'found')->{body} =~ s/: null/: ""/gr }; # a setting without a value may be either
    my $clean = $found->();
    like($clean, qr/"role" : "authenticated".*"table" : "", "prepared" : 0/, 'at the beginning');
    answers(rpc($single, $adas, 'leave'), 200, qr/service_role/, 'a function of the database\'s owner leaves a lot');
    is($found->(), $clean, 'the next caller finds nothing of it, in the same session');
    answers(rpc($single, $adas, 'lock_and_fail'), 400, qr/22012/, 'one that fails');
    is($found->(), $clean, 'leaves nothing either');
    answers(rpc($single, undef, 'current_user_id'), 401, qr/42501/, 'and nobody is nobody');
    stop_edge($single);
    sql('DROP FUNCTION helix.leave(), helix.lock_and_fail(), helix.found()');
};

subtest 'many arguments' => sub {
    my $began = time;
    my %many = (
        'application/json' => '{' . join(',', map { qq("$_":1) } 1 .. 100_000) . '}',
        'application/x-www-form-urlencoded' => join('&', 1 .. 100_000),
    );
    for my $type (sort keys %many) {
        answers(request($edge, 'POST', '/rest/v1/rpc/current_user_id', $many{$type}, 'Content-Type' => $type), 404,
            qr/PGRST202.*more than 100/, "$type: no function takes them");
    }
    cmp_ok(time - $began, '<', 5, 'nobody waits while they are read');
    answers(request($edge, 'GET', "/rest/v1/rpc/x?%ff"), 404, qr/helix\.x\(\xc3\xbf\)/, 'an error that repeats them is UTF-8');
};

subtest 'what fails at the commit' => sub {
    sql(<<'SQL');
CREATE TABLE public.parents (id int PRIMARY KEY);
CREATE TABLE public.children (id int REFERENCES public.parents DEFERRABLE INITIALLY DEFERRED);
GRANT INSERT, SELECT ON public.parents, public.children TO service_role;
CREATE FUNCTION helix.adopt(p_id int) RETURNS int LANGUAGE sql VOLATILE AS 'INSERT INTO public.children VALUES (p_id) RETURNING id';
SQL
    sleep 2;
    answers(rpc($edge, $service, 'adopt', '{"p_id": 1}'), 409, qr/"code":"23503"/, 'is an error, though the function has returned');
    is(sql('SELECT count(*) FROM public.children'), '0', 'and nothing is written');
    answers(rpc($edge, $service, 'current_user_id'), 200, qr/null/, 'the connection goes on');
    sql('INSERT INTO public.parents VALUES (1)');
    answers(rpc($edge, $service, 'adopt', '{"p_id": 1}'), 200, qr/^1$/, 'what does not fail is written');
    is(sql('SELECT count(*) FROM public.children'), '1', 'once');
    sql('DROP FUNCTION helix.adopt(int); DROP TABLE public.children, public.parents');
};

subtest 'recordings that arrive together' => sub {
    my @users = map { user_id($_) } 11 .. 18;
    my %token = map { $_ => token_of(role => 'authenticated', sub => $_) } @users;
    rpc($edge, $_, 'current_user_id') for values %token; # known from now on
    my @calls;
    for my $round (1 .. 10) {
        for my $user (@users) {
            # one of ten is for somebody else, one has a request id that repeats, one settles a reservation
            my $whose = $round == 1 ? $ada : $user;
            my %fields = (p_user_id => qq("$whose"), p_cost_usd => "0.$round");
            $fields{p_request_id} = '"twice"' if $round == 2 || $round == 3;
            $fields{p_cost_usd} = '0.2' if $round == 3;
            $fields{p_reservation_id} = '"' . sql("SELECT helix.reserve_budget('$user', 'email-compose', 1)") . '"' if $round == 4;
            my $json = recording(%fields);
            my $bytes = "POST /rest/v1/rpc/record_operation_execution HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
              . "Authorization: Bearer $token{$user}\r\nContent-Length: " . length($json) . "\r\n\r\n$json";
            push @calls, { round => $round, user => $user, socket => connect_edge($edge), bytes => $bytes };
        }
    }
    syswrite $_->{socket}, $_->{bytes} for @calls;
    $_->{response} = read_response($_->{socket}) for @calls;
    my @foreign = grep { $_->{round} == 1 } @calls;
    is(scalar(grep { $_->{response}{status} == 403 && $_->{response}{body} =~ /"code":"42501".*$ada/ } @foreign), 8,
        'who records for another user is refused, and told so');
    my @own = grep { $_->{round} > 1 } @calls;
    is(scalar(grep { $_->{response}{status} == 200 } @own), 72, 'all others are recorded')
      or diag(join "\n", map { $_->{response}{body} } grep { $_->{response}{status} != 200 } @own);
    my %owner = map { /^(\d+)\|(.*)/ ? ($1, $2) : () } split /\n/, sql(
        "SELECT id, user_id FROM helix.executions WHERE user_id = ANY ('{" . join(',', @users) . "}')");
    is(scalar(grep { $owner{ $_->{response}{body} } eq $_->{user} } @own), 72, 'each answer is its own call\'s');
    is(scalar(keys %owner), 64, 'a request id counts once');
    my $transactions = sql("SELECT count(DISTINCT xid) FROM helix_internal.executions WHERE user_id = ANY ('{"
            . join(',', @users) . "}')");
    note "$transactions transactions for 64 executions";
    cmp_ok($transactions, '<', 40, 'many went together');
    is(sql('SELECT count(*) FROM helix.verify_ledger()'), '0', 'the sums are exact');
};

subtest 'what goes together' => sub {
    my @usual = ('Content-Type: application/json', # of supabase-js, axios, Dart, and Python
        "Content-Type: application/json\r\nAccept: application/json, text/plain, */*",
        "Content-Type: application/json; charset=utf-8\r\nAccept: */*",
        "Content-Type: application/json\r\nAccept: application/json\r\nPrefer: return=representation");
    my $send = sub {
        my ($json, @headers) = @_;
        my $socket = connect_edge($edge);
        syswrite $socket, join "\r\n", 'POST /rest/v1/rpc/record_operation_execution HTTP/1.1', 'Host: a',
          "Authorization: Bearer $adas", @headers, 'Content-Length: ' . length $json, '', $json;
        return $socket;
    };
    my (@together, @refused);
    for my $number (1 .. 80) {
        push @together, $send->(recording(p_trace_id => '"together"'), $usual[$number % @usual]);
        push @refused, $send->(recording(p_trace_id => "\"together\0\""), $usual[0]);
    }
    is(scalar(grep { read_response($_)->{status} == 200 } @together), 80, 'what clients usually send is recorded');
    is(scalar(grep { read_response($_)->{body} =~ /PGRST102/ } @refused), 80, 'a body with a NUL is refused');
    my $transactions = sql("SELECT count(DISTINCT xid) FROM helix_internal.executions WHERE trace_id = 'together'");
    note "$transactions transactions for 80 executions";
    cmp_ok($transactions, '<', 40, 'many went together, whatever else is sent');
};

subtest 'calls one after the other, sent at once' => sub {
    my $call = sub {
        my ($function, $json) = @_;
        return "POST /rest/v1/rpc/$function HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer $adas\r\nContent-Length: "
          . length($json) . "\r\n\r\n$json";
    };
    my $socket = connect_edge($edge);
    syswrite $socket, $call->('record_operation_execution', recording(p_request_id => '"sent at once 1"'))
      . $call->('record_operation_execution', recording(p_user_id => qq("$bob")))
      . $call->('no_function', '{}')
      . $call->('record_operation_execution', '{"p_user_id"')
      . $call->('record_operation_execution', recording(p_request_id => '"sent at once 2"'))
      . "RUBBISH\r\n\r\n"
      . $call->('record_operation_execution', recording(p_request_id => '"sent at once 3"'));
    $socket->shutdown(1); # its half is closed before the first answer
    my @responses = map { read_response($socket) } 1 .. 6;
    is(join(' ', map { $_ ? $_->{status} : 'none' } @responses), '200 403 404 400 200 400', 'each is answered in its order');
    is($responses[5]{headers}{connection}, 'close', 'what is no request ends the connection');
    is(read_response($socket), undef, 'nothing comes after it');
    is(sql("SELECT string_agg(id || ' ' || request_id, ', ' ORDER BY id) FROM helix.executions WHERE request_id ~ 'sent at once'"),
        "$responses[0]{body} sent at once 1, $responses[4]{body} sent at once 2", 'and is not carried out');
};

subtest 'who may not record' => sub {
    my $grant = 'EXECUTE ON FUNCTION helix.record_operation_execution';
    my %nobody = ('anonymous' => token_of(role => 'anon', sub => $ada), 'without a role' => token_of(sub => $ada));
    answers(rpc($edge, $nobody{$_}, 'record_operation_execution', recording()), 403, qr/"code":"42501"/, "$_, though it has a sub")
      for sort keys %nobody;
    sql("REVOKE $grant FROM authenticated");
    my $another = token_of(role => 'authenticated', sub => $ada, exp => time + 700); # of the others the rights are still known
    answers(rpc($edge, $another, 'record_operation_execution', recording()), 403,
        qr/permission denied for function record_operation_execution/, 'a role that has lost the right');
    sql("GRANT $grant TO authenticated");
};

subtest 'the database goes and comes' => sub {
    $node->stop('immediate');
    my $gone = rpc($edge, $adas, 'current_user_id');
    answers($gone, 503, qr/PGRST001/, 'while it is gone');
    is($gone->{headers}{'retry-after'}, '1', 'with the time to wait');
    answers(request($edge, 'GET', '/healthz'), 200, qr/alive/, 'the edge lives');
    is(request($edge, 'GET', '/readyz')->{status}, 503, 'but is not ready');
    $node->start;
    my $until = time + 10;
    sleep 0.1 until request($edge, 'GET', '/readyz')->{status} == 200 || time > $until;
    answers(rpc($edge, $adas, 'current_user_id'), 200, qr/$ada/, 'it is back by itself');
    sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'helix-edge'");
    answers(request($edge, 'GET', "/rest/v1/rpc/current_user_id", undef, signed_in($adas)), 200, qr/$ada/,
        'connections that the server has ended are not used');
};

subtest 'its end and its log' => sub {
    my $traced = rpc($edge, $adas, 'current_user_id', '{}', 'X-Request-Id' => 'mine-1',
        traceparent => '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01');
    is($traced->{headers}{'x-request-id'}, 'mine-1', 'a request keeps its id');
    unlike(rpc($edge, $adas, 'current_user_id', '{}', 'X-Request-Id' => 'a b')->{headers}{'x-request-id'}, qr/ /, 'a right one');
    is(stop_edge($edge), 0, 'SIGTERM ends it in peace');
    my $log = edge_log($edge);
    my $line = 'route=rpc/current_user_id status=200 ms=[\d.]+ bytes=38 request=mine-1 traceparent=00-4bf\S+';
    like($log, qr{^time=\S+Z method=POST $line$}m, 'one line a request');
    unlike($log, qr/$adas|whisper|$ada/, 'no token, no body, no user');
    is(() = $log =~ /the database cannot be reached/g, 1, 'an outage is one line');
    my ($out, $error);
    ok(!IPC::Run::run([ 'helix-edge', '--listen', '127.0.0.1:0' ], '>', \$out, '2>', \$error), 'it starts with a database only');
    like($error, qr/--database is missing/, 'and says why');
};

done_testing();
