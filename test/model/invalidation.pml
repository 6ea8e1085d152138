/*
 * The protocol by which helix keeps Redis true, for one key. test/model/run checks it, in the variants listed here.
 *
 *   reader   helix's cache functions (src/cache/entry.cpp): one MGET that hits; else tokens, database, fill
 *   writer   a backend that changes the key's data (src/cache/commit.cpp): PRE_COMMIT, visibility, COMMIT or ABORT
 *   worker   "helix cache invalidator" (src/cache/inbox.cpp, link.cpp): collects what was committed, sends it, grants the lease
 *   world    Redis, which executes the worker's commands; a client that SETs the plain key blindly; and the faults
 *
 * What is checked: a hit never returns data older than the lease vouches for. There is no clock: the version counts the commits
 * that are visible, so an instant is the version visible then, and the smaller of two versions is the earlier of two instants.
 * The lease holds H, and to a reader it may be over at any moment. Zero is a key that is missing, so the first version is 1.
 * A value is its version, and so is its hash. The user's token works as the scope's does and is left out.
 *
 * Faults (-DFAULTS=n of them, 1 unless told), all harmless:
 *   CRASH       the whole server: reservations, ring and worker are lost; what was being committed may turn out to be so
 *   FAILOVER    Redis falls back to what a replica had at some earlier moment; the worker loses its connection
 *   EVICT       Redis forgets a key
 *   STALEBUF    the worker gives its connection up: Redis executes what is still in it at any later time, or never
 *   SILENT      as FAILOVER, but the connection stays and only master_replid tells. Harmless with REPLID alone: Redis compares
 *               it in the step that writes the lease. A worker that looks at it afterwards is late.
 *
 * Ablations, all found out (in brackets the fault that it takes):
 *   NOTOKEN     a fill is not checked, and takes the tokens that it finds for its tag
 *   LATETOKEN   the tokens may be read after the database
 *   NORESV      H ignores reservations
 *   EARLYFLAG   a full ring raises the flag in PRE_COMMIT, not in COMMIT
 *   TRUSTBLIND  the hash in the tag is not compared
 *   NOEPOCH     no new epoch with a new connection [CRASH, FAILOVER]
 *   FORGET      a lost connection drops the records of undecided transactions too [FAILOVER]
 *   COUNTER     the token counts invalidations, and starts at 1 again when it was evicted [EVICT]
 *   TTLLEASE    the lease counts from when Redis executes the command [STALEBUF]
 *   REACHABLE   turned round: says that no hit is ever up to date after both commits
 */
#ifndef READERS
#define READERS 2
#endif
#ifndef FAULTS
#define FAULTS 1
#endif

#define SECOND(first, second, ...) second
#define DEFINED_1 _, true
#define ON_2(defined) SECOND(defined, false)
#define ON_1(value) ON_2(DEFINED_##value)
#define ON(name) ON_1(name)     /* whether there is a -Dname */

mtype = { IDLE, RESERVED, VISIBLE, COMMITTED, DONE, EPOCH, UNLINK, LEASE };

/* PostgreSQL: what is visible, and in shared memory two writers' reservations with their records, and the flag. */
byte version = 1;
mtype slot[2] = IDLE;
byte reserved_at[2];
bool record[2];             /* there was room in the ring */
bool dropped[2];            /* by the worker */
bool everything;

/* Redis, the replica, and what a reader that is going to fill has seen. */
byte epoch, token, lease, value, tag_epoch, tag_token, tag_hash;
byte old_epoch, old_token, old_lease, old_value, old_tag_epoch, old_tag_token, old_tag_hash;
byte seen_epoch[READERS], seen_token[READERS];

/* The worker's connection, and one that it has given up. */
chan connection[2] = [3] of { mtype, byte };
bit current;
bool lost;                  /* the worker must connect again */
bool promoted;              /* master_replid is not what it was when the worker connected */
byte faults;

#define HIT (lease && value && epoch && token && \
    tag_epoch == epoch && tag_token == token && (tag_hash == value || ON(TRUSTBLIND)))
#define UNDECIDED(i) (slot[i] == RESERVED || slot[i] == VISIBLE)        /* to the worker they look the same */

/* A unique number may as well be the smallest that nobody holds: this keeps the model small. */
#define HELD(n, what) (n == what || n == tag_##what || n == old_##what || n == old_tag_##what || \
    n == seen_##what[0] || n == seen_##what[READERS - 1])
#define SENT(n) (connection[0] ?? [EPOCH, eval(n)] || connection[1] ?? [EPOCH, eval(n)])

active [READERS] proctype reader() {
    byte me = _pid, data, fresh;
    do
    :: d_step { HIT -> assert(ON(REACHABLE) -> lease < 3 : value >= lease) }    /* MGET: a hit; or the lease is over, and */
    :: d_step { !token ->                                                       /* SET NX of a missing token, */
            fresh = 1;
            do :: !ON(COUNTER) && HELD(fresh, token) -> fresh++ :: else -> break od;
            token = fresh; fresh = 0 }
    :: d_step { !seen_token[me] && epoch && token -> seen_epoch[me] = epoch; seen_token[me] = token }    /* MGET, */
    :: d_step { !data && (seen_token[me] || ON(LATETOKEN)) -> data = version }  /* the database, */
    :: d_step { data && seen_token[me] ->                                       /* and the fill */
            if
            :: (epoch != seen_epoch[me] || token != seen_token[me]) && !ON(NOTOKEN)
            :: else -> value = data; tag_hash = data; tag_epoch = epoch; tag_token = token
            fi;
            seen_epoch[me] = 0; seen_token[me] = 0; data = 0 }
    od
}

inline finish(i) { slot[i] = DONE; reserved_at[i] = 0; record[i] = false; dropped[i] = false }

active [2] proctype writer() {
    byte me = _pid - READERS;
    do
    :: atomic { slot[me] == IDLE -> slot[me] = RESERVED; reserved_at[me] = version;     /* PRE_COMMIT */
            if :: record[me] = true :: everything = everything || ON(EARLYFLAG) fi }
    :: d_step { slot[me] == RESERVED -> slot[me] = VISIBLE; version++ }
    :: d_step { slot[me] == VISIBLE -> slot[me] = COMMITTED; reserved_at[me] = 0;       /* COMMIT */
            everything = everything || (!record[me] && !ON(EARLYFLAG)) }
    :: d_step { slot[me] == RESERVED -> finish(me) }                                    /* ABORT */
    od
}

inline collect(i) {
    if
    :: slot[i] == COMMITTED -> deliver = deliver || (record[i] && !dropped[i]); finish(i)
    :: UNDECIDED(i) && reserved_at[i] < h && !ON(NORESV) -> h = reserved_at[i]
    :: else
    fi
}

/* Of what comes in without a connection, only that is kept which is not decided. */
inline drop(i) {
    if :: slot[i] == COMMITTED -> finish(i) :: else -> dropped[i] = UNDECIDED(i) && ON(FORGET) fi
}

active proctype worker() {
    byte h, fresh;
    bool deliver, renew = true;
    do
    :: {
        do                                            /* the time first, then the reservations, then the flag */
        :: d_step { empty(connection[current]) -> h = version; collect(0) };
            atomic {
                collect(1);
                if
                :: renew || everything || !epoch ->
                    fresh = 1;
                    do :: HELD(fresh, epoch) || SENT(fresh) -> fresh++ :: else -> break od;
                    connection[current] ! EPOCH, fresh
                :: else
                fi;
                if :: deliver -> connection[current] ! UNLINK, 0 :: else fi;
                connection[current] ! LEASE, h;
                renew = false; everything = false; deliver = false; fresh = 0; h = 0 }
        od
    } unless {
        d_step { lost -> lost = false; promoted = false; deliver = false; h = 0; drop(0); drop(1); everything = false;
            renew = renew || !ON(NOEPOCH) }
    }
    od
}

inline remove_tag() { tag_epoch = 0; tag_token = 0; tag_hash = 0 }
inline execute(i) {
    atomic { connection[i] ? command, argument ->
        if
        :: command == EPOCH -> epoch = argument
        :: command == UNLINK -> token = (ON(COUNTER) -> token + 1 : 0); value = 0; remove_tag()
        :: command == LEASE -> lost = lost || promoted;
            if
            :: promoted && ON(REPLID)
            :: else -> lease = (ON(TTLLEASE) && i != current -> version : argument)
            fi
        fi;
        command = 0; argument = 0 }
}

/* What is on its way in a connection will not arrive. */
inline cut(i) { do :: connection[i] ? _, _ :: empty(connection[i]) -> break od }

/* The worker leaves a connection: what Redis has not got of it, it gets late or never. */
inline leave() { current = (ON(STALEBUF) -> 1 - current : current); cut(current); lost = true }

#define COPY(to, from) to##epoch = from##epoch; to##token = from##token; to##lease = from##lease; to##value = from##value; \
    to##tag_epoch = from##tag_epoch; to##tag_token = from##tag_token; to##tag_hash = from##tag_hash
#define FAULT(name) ON(name) && faults < FAULTS -> faults++

active proctype world() {
    byte i, argument;
    mtype command;
    do
    :: execute(0)
    :: execute(1)
    :: value = 1                                      /* the client had read the first version: the older the worse */
    :: d_step { FAULT(EVICT); epoch = 0 }
    :: d_step { FAULT(EVICT); token = 0 }
    :: d_step { FAULT(EVICT); lease = 0 }
    :: d_step { FAULT(EVICT); value = 0 }
    :: d_step { FAULT(EVICT); remove_tag() }
    :: d_step { FAULT(STALEBUF); leave() }
    :: atomic { FAULT(CRASH);
            for (i : 0 .. 1) {
                if :: slot[i] == RESERVED -> version++ :: true fi;      /* its commit record may have reached the disk */
                if :: slot[i] != IDLE -> finish(i) :: else fi
            }
            i = 0; everything = false; leave() }
    :: d_step { (ON(FAILOVER) || ON(SILENT)) && faults < FAULTS -> COPY(old_, ) }
    :: d_step { FAULT(FAILOVER); COPY(, old_); COPY(old_, 0 * old_); cut(0); cut(1); lost = true }
    :: d_step { FAULT(SILENT); COPY(, old_); COPY(old_, 0 * old_); promoted = true }
    od
}
