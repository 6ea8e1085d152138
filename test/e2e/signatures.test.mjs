// Signatures as the senders' own packages make them verify, and nothing near them does.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sign as signForGithub } from '@octokit/webhooks-methods';
import { Webhook } from 'standardwebhooks';
import Stripe from 'stripe';
import { dba } from './clients.mjs';

const bodies = ['{"type": "invoice.paid", "amount": 1}', 'Zoë ✓ \u{1f600}', ' ', 'x'.repeat(20_000)];
const now = () => Math.floor(Date.now() / 1000);

/** Whether helix takes the headers for those of the body. */
async function verifies(scheme, secret, body, headers) {
    const [{ verified }] =
        await dba`SELECT helix.verify_webhook_signature(${Buffer.from(body)}, NULL, ${`env://${secret}`}, ${scheme},
        ${dba.json(headers)}) AS verified`;
    return verified;
}

/** What each sender's package puts into its headers at a time. */
const senders = {
    github: {
        secret: 'HELIX_SECRET_E2E',
        headers: async body => ({ 'X-Hub-Signature-256': await signForGithub(process.env.HELIX_SECRET_E2E, body) }),
    },
    stripe: {
        secret: 'HELIX_SECRET_E2E',
        timed: true,
        headers: (body, timestamp) => ({ 'Stripe-Signature':
            new Stripe('sk_test').webhooks.generateTestHeaderString({ payload: body, secret: process.env.HELIX_SECRET_E2E,
                timestamp }) }),
    },
    'standard-webhooks': {
        secret: 'HELIX_SECRET_E2E_STANDARD',
        timed: true,
        headers: (body, timestamp) => ({
            'webhook-id': 'msg_e2e',
            'webhook-timestamp': String(timestamp),
            'webhook-signature': new Webhook(process.env.HELIX_SECRET_E2E_STANDARD).sign('msg_e2e', new Date(timestamp * 1000),
                body),
        }),
    },
};

for (const [scheme, { secret, timed, headers }] of Object.entries(senders)) {
    test(`${scheme} signs as its package does`, async () => {
        for (const body of bodies) {
            const sent = await headers(body, now());
            assert.equal(await verifies(scheme, secret, body, sent), true, body.slice(0, 40));
            assert.equal(await verifies(scheme, secret, body + ' ', sent), false);
            assert.equal(await verifies(scheme, secret === 'HELIX_SECRET_E2E' ? 'HELIX_SECRET_E2E_OTHER'
                : 'HELIX_SECRET_E2E_STANDARD_OTHER', body, sent), false);
        }
    });
    if (timed) {
        test(`${scheme}: a signature ends after five minutes and begins a minute ahead`, async () => {
            for (const [age, expected] of [[0, true], [290, true], [310, false], [-50, true], [-70, false]]) {
                assert.equal(await verifies(scheme, secret, '{}', await headers('{}', now() - age)), expected, `${age} s old`);
            }
        });
    }
}
