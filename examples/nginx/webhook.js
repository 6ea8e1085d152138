// Hands what a sender has posted, as it came, to helix.webhook_trigger(), which decides everything else, and gives back its answer.
// A body that is not UTF-8 does not arrive as it came, so its signature fails.
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function answer(r, status, body) {
    r.headersOut['Content-Type'] = 'application/json';
    r.return(status, body);
}

// The function's answers have one of these fields; anything else is the API's trouble, not the sender's.
function is_answer(text) {
    try {
        const body = JSON.parse(text);
        return body.accepted !== undefined || typeof body.error === 'string';
    } catch (e) {
        return false;
    }
}

async function trigger(r) {
    if (r.method !== 'POST') {
        r.headersOut['Allow'] = 'POST';
        answer(r, 405, '{"error": "only POST is taken"}');
        return;
    }
    const headers = {};
    for (const name in r.headersIn) {
        headers[name.toLowerCase()] = r.headersIn[name];
    }
    const reply = await r.subrequest('/helix-webhook-trigger', {
        method: 'POST',
        body: JSON.stringify({
            p_schedule_id: uuid.test(r.args.id) ? r.args.id : null,
            p_payload: r.requestText || '',
            p_signature: headers['x-webhook-signature'] || null,
            p_headers: headers,
        }),
    });
    if (!is_answer(reply.responseText)) {
        r.error(`helix.webhook_trigger: HTTP ${reply.status} ${reply.responseText}`);
        answer(r, 502, '{"error": "the webhook cannot be taken now"}');
        return;
    }
    if (reply.headersOut['Retry-After']) {
        r.headersOut['Retry-After'] = reply.headersOut['Retry-After'];
    }
    answer(r, reply.status, reply.responseText);
}

export default { trigger };
