SELECT bench.send('{"to": "somebody"}', true);
