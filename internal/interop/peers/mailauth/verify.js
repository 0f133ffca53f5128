// verify ZONE.json
//
// Verifies with mailauth, its DNS answered from ZONE.json.
'use strict';

const fs = require('node:fs');
const { dkimVerify } = require('mailauth/lib/dkim/verify');
const { serve } = require('./frames');

const canonicalName = name => name.toLowerCase().replace(/\.$/, '');

function zoneResolver(file) {
    const zone = new Map();
    for (const [name, txt] of Object.entries(JSON.parse(fs.readFileSync(file, 'utf8')))) {
        zone.set(canonicalName(name), txt);
    }
    return async (name, type) => {
        const txt = zone.get(canonicalName(name));
        if (type !== 'TXT' || txt === undefined) {
            throw Object.assign(new Error(`${name} not found`), { code: 'ENOTFOUND' });
        }
        return [txt.match(/.{1,255}/gs) || ['']];
    };
}

// mailauth says neutral for a bad body hash and for every permanent error,
// and policy for a short key.
function word(status) {
    if (status.result === 'policy') {
        return 'permerror';
    }
    if (status.result === 'neutral' && status.comment === 'body hash did not verify') {
        return 'fail';
    }
    return status.result === 'neutral' ? 'permerror' : status.result;
}

const args = process.argv.slice(2);
if (args.length !== 1) {
    console.error('usage: verify ZONE.json');
    process.exit(2);
}
const resolver = zoneResolver(args[0]);

// mailauth traces l= to the console; keep standard output for replies.
console.log = console.error;

serve(async message => {
    const { results } = await dkimVerify(message, { resolver });
    let lines = '';
    for (const { status, signingDomain, selector, algo } of results) {
        if (status.result === 'none') {
            continue;
        }
        lines += `${word(status)} d=${signingDomain} s=${selector} a=${algo}`;
        if (status.result !== 'pass') {
            lines += ` reason="${status.comment || JSON.stringify(status.policy)}"`;
        }
        lines += '\n';
    }
    return lines;
});
