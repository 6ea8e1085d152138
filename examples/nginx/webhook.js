// Hands what a sender has sent, as it came, to helix.webhook_trigger(), which decides everything else, and gives back its answer.
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function answer(r, status, body, type) {
    r.headersOut['Content-Type'] = type || 'application/json';
    r.return(status, body);
}

// A body of text goes as it is. Any other does not survive as text, and goes as base64.
function body_parameters(r) {
    const body = r.requestText ? r.requestBuffer : Buffer.from(''); // the buffer of an empty body cannot be read
    const text = body.toString('utf8');
    const is_text = text.indexOf('\0') < 0 && Buffer.from(text, 'utf8').equals(body);
    return is_text ? { p_payload: text } : { p_payload: '', p_body_base64: body.toString('base64') };
}

// The sender's headers, with what a challenge in a GET needs. Nobody can send those two as headers of their own.
function sent_headers(r) {
    const headers = {};
    for (const name in r.headersIn) {
        headers[name.toLowerCase()] = r.headersIn[name];
    }
    headers['x-webhook-method'] = r.method;
    headers['x-webhook-query'] = r.variables.args || '';
    return headers;
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

// What a challenge is answered with: JSON, or a text, which JSON's quotes are taken off.
function reply_to_challenge(r, reply) {
    if (reply.headersOut['X-Webhook-Reply'] === 'text') {
        const text = reply.status === 204 ? '' : String(JSON.parse(reply.responseText));
        answer(r, reply.status, text, 'text/plain');
    } else {
        answer(r, reply.status, reply.responseText);
    }
}

async function trigger(r) {
    if (r.method !== 'POST' && r.method !== 'GET') {
        r.headersOut['Allow'] = 'POST';
        answer(r, 405, '{"error": "only POST is taken"}');
        return;
    }
    const headers = sent_headers(r);
    const reply = await r.subrequest('/helix-webhook-trigger', {
        method: 'POST',
        body: JSON.stringify(Object.assign({
            p_schedule_id: uuid.test(r.args.id) ? r.args.id : null,
            p_signature: headers['x-webhook-signature'] || null,
            p_headers: headers,
        }, body_parameters(r))),
    });
    if (reply.headersOut['X-Webhook-Reply']) {
        reply_to_challenge(r, reply);
        return;
    }
    if (!is_answer(reply.responseText)) {
        r.error(`helix.webhook_trigger: HTTP ${reply.status} ${reply.responseText}`);
        answer(r, 502, '{"error": "the webhook cannot be taken now"}');
        return;
    }
    if (reply.headersOut['Retry-After']) {
        r.headersOut['Retry-After'] = reply.headersOut['Retry-After'];
    }
    if (reply.status === 405) {
        r.headersOut['Allow'] = 'POST';
    }
    answer(r, reply.status, reply.responseText);
}

export default { trigger };
