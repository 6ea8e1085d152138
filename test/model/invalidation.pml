/*
 * The protocol by which helix keeps Redis true, for one key. test/model/run checks it, and every variant below.
 *
 *   writer    a backend that commits or rolls back a change of the key's data: PRE_COMMIT, visibility, COMMIT or ABORT
 *   worker    "helix cache invalidator": connects, scans the slots, invalidates, sets new epochs, grants the lease
 *   reader    helix's cache functions: one MGET that hits, or tokens, database and fill
 *   client    a program that knows nothing of helix: it reads the database and some time later SETs the plain key
 *   late      a command of the worker on a connection that it has given up: Redis executes it at any later time, or never
 *   crash     a crash of the whole server: shared memory is lost, the worker starts anew
 *   replica   a failover to a replica that had followed Redis up to some earlier moment
 *   evictor   Redis, short of memory, forgets keys
 *
 * What is checked: a hit never returns data older than the lease vouches for. There is no clock. The data's version counts the
 * commits that are visible, so an instant is the version visible then, and the smaller of two versions stands for the earlier
 * of two instants. A lease holds its H; to a reader it may be over at any moment. Zero is a key that is missing, so versions
 * start at 1. A value's hash is its version. The user's token works as the scope's does and is left out.
 *
 * Faults (spin -DNAME), each to be harmless:
 *   CRASH      one crash at any time             FAILOVER   one failover at any time, the worker's connection is lost
 *   EVICT      two evictions of any keys         STALEBUF   one connection is given up with a command in it, see late
 *
 * Ablations, each to be found out (with the fault in brackets, where it needs one):
 *   NOTOKEN    a fill is not checked, and tagged with the tokens that it finds
 *   LATETOKEN  the tokens are read after the database
 *   NORESV     H ignores reservations
 *   NOEPOCH    no new epoch on a new connection [CRASH or FAILOVER]
 *   COUNTER    the token counts invalidations, and starts again at 1 when it was evicted [EVICT]
 *   TRUSTBLIND the hash in the tag is not compared
 *   TTLLEASE   the lease counts from when Redis executes the command [STALEBUF]
 *   EARLYFLAG  a full ring raises the global flag in PRE_COMMIT, not in COMMIT
 *   FORGET     a new connection drops the records of undecided transactions too [FAILOVER]
 */
#define WRITERS 2
#ifndef READERS
#define READERS 2
#endif
#define UNDECIDED(i) (slot[i] == RESERVED || slot[i] == VISIBLE)

mtype = { RESERVED, VISIBLE, COMMITTED, UNLINK, EPOCH, LEASE };

/* PostgreSQL: the visible version, and in shared memory each writer's slot and its record in the ring, and the global flag. */
byte version = 1;
mtype slot[WRITERS];        /* 0: nothing to report; the worker cannot tell RESERVED from VISIBLE */
byte reserved_at[WRITERS];
bool record[WRITERS];       /* in the ring, or copied out of it */
bool everything;            /* a transaction has found the ring full */

/* Redis, the replica that may take over, and the readers' notes. */
byte epoch, token, lease, value, tag_epoch, tag_token, tag_hash;
byte old_epoch, old_token, old_lease, old_value, old_tag_epoch, old_tag_token, old_tag_hash;
byte seen_epoch[READERS], seen_token[READERS];
bool lost;                  /* the worker must connect again */

#ifdef TRUSTBLIND
#define HASH_FITS true
#else
#define HASH_FITS (tag_hash == value)
#endif
#define HIT (lease && value && epoch && token && tag_epoch == epoch && tag_token == token && HASH_FITS)

#ifdef STALEBUF
chan given_up = [1] of { mtype, byte };
#define LATE(e) given_up ? [EPOCH, eval(e)]
#else
#define LATE(e) false
#endif

/* A unique random number may as well be the smallest one that nobody holds: this keeps the model small, and finite. */
inline make_token(t) {
    t = 1;
#ifndef COUNTER
    do
    :: t == token || t == tag_token || t == seen_token[0] || t == seen_token[READERS - 1] || t == old_token || t == old_tag_token -> t++
    :: else -> break
    od
#endif
}

inline make_epoch(e) {
    e = 1;
    do
    :: e == epoch || e == tag_epoch || e == seen_epoch[0] || e == seen_epoch[READERS - 1] || e == old_epoch || e == old_tag_epoch ||
            LATE(e) -> e++
    :: else -> break
    od
}

inline execute(command, argument) {
    if
    :: command == EPOCH -> epoch = argument
    :: command == LEASE -> lease = argument
    :: command == UNLINK -> value = 0; tag_epoch = 0; tag_token = 0; tag_hash = 0;
#ifdef COUNTER
        token++
#else
        token = 0
#endif
    fi
}

/* The worker sends a command and waits for the reply, or no longer. */
inline send(command, argument) {
    if
    :: execute(command, argument)
#ifdef STALEBUF
    :: nfull(given_up) -> given_up ! command, argument; lost = true
#endif
    fi;
    argument = 0
}

active [READERS] proctype reader() {
    byte me = _pid, data, t;
    do
    :: d_step { HIT -> assert(value >= lease) }       /* MGET: a hit; or the lease is over, and */
    :: d_step { !token -> make_token(t); token = t; t = 0 }         /* SET NX of the missing token, */
#ifdef LATETOKEN
    :: data = version;
        d_step { epoch && token -> seen_epoch[me] = epoch; seen_token[me] = token };
#else
    :: d_step { epoch && token -> seen_epoch[me] = epoch; seen_token[me] = token };      /* MGET, */
        data = version;                                                                  /* the database, */
#endif
        d_step {                                                                         /* the script */
#ifdef NOTOKEN
            value = data; tag_hash = data; tag_epoch = epoch; tag_token = token;
#else
            if
            :: epoch == seen_epoch[me] && token == seen_token[me] ->
                value = data; tag_hash = data; tag_epoch = epoch; tag_token = token
            :: else
            fi;
#endif
            seen_epoch[me] = 0; seen_token[me] = 0; data = 0
        }
    od
}

active [WRITERS] proctype writer() {
    byte me = _pid - READERS;
    bool no_room;
    atomic {                                          /* PRE_COMMIT */
        slot[me] = RESERVED; reserved_at[me] = version;
        if
        :: record[me] = true
        :: no_room = true
        fi
#ifdef EARLYFLAG
        everything = everything || no_room
#endif
    }
    if                                                /* a crash has emptied the slot and ended this backend */
    :: d_step { slot[me] == RESERVED -> slot[me] = VISIBLE; version++ };
        d_step { slot[me] == VISIBLE -> slot[me] = COMMITTED; reserved_at[me] = 0;
#ifndef EARLYFLAG
            everything = everything || no_room
#endif
        }
    :: d_step { slot[me] == RESERVED -> slot[me] = 0; reserved_at[me] = 0; record[me] = false }
    fi
}

active proctype worker() {
    byte i, h, e;
    bool deliver;
    do
    :: {
        d_step {                                      /* what came while Redis was away: the new epoch covers it */
            for (i : 0 .. WRITERS - 1) {
                if
                :: slot[i] == COMMITTED -> slot[i] = 0; record[i] = false
#ifdef FORGET
                :: UNDECIDED(i) -> record[i] = false
#endif
                :: else
                fi
            }
            i = 0; everything = false
        }
        atomic {
            if
#ifdef NOEPOCH
            :: epoch
            :: !epoch ->
#else
            :: true ->
#endif
                make_epoch(e); send(EPOCH, e)
            fi
        }
        do
        :: d_step { i == 0 -> h = version }           /* the scan: first the time, then the slots, then the flag */
            do
            :: d_step { i < WRITERS ->
                    if
                    :: slot[i] == COMMITTED -> deliver = deliver || record[i]; slot[i] = 0; record[i] = false
#ifndef NORESV
                    :: UNDECIDED(i) && reserved_at[i] < h -> h = reserved_at[i]
#endif
                    :: else
                    fi;
                    i++ }
            :: atomic { i == WRITERS -> i = 0; break }
            od;
            do
            :: atomic { everything || !epoch -> everything = false; make_epoch(e); send(EPOCH, e) }
            :: atomic { deliver -> deliver = false; send(UNLINK, e) }
            :: atomic { else -> break }
            od;
            atomic { send(LEASE, h) }
        od
    } unless { d_step { lost -> lost = false; deliver = false; i = 0; h = 0; e = 0 } }
    od
}

/* The client and the faults, any number of times. */
active proctype world() {
    byte i, argument;
    mtype command;
    do
    :: value = 1                                      /* the client has read the first version: the older the worse */
#ifdef EVICT
    :: epoch = 0
    :: token = 0
    :: lease = 0
    :: value = 0
    :: d_step { tag_epoch = 0; tag_token = 0; tag_hash = 0 }
#endif
#ifdef STALEBUF
    :: atomic { given_up ? command, argument;
            if
#ifdef TTLLEASE
            :: command == LEASE -> argument = version
#endif
            :: else
            fi;
            execute(command, argument); command = 0; argument = 0 }
#endif
#ifdef CRASH
    :: atomic {
            for (i : 0 .. WRITERS - 1) {
                if
                :: slot[i] == RESERVED -> version++   /* its commit record had reached the disk */
                :: true
                fi;
                slot[i] = 0; record[i] = false; reserved_at[i] = 0
            }
            i = 0; everything = false; lost = true }
#endif
#ifdef FAILOVER
    :: d_step { old_epoch = epoch; old_token = token; old_lease = lease; old_value = value;
            old_tag_epoch = tag_epoch; old_tag_token = tag_token; old_tag_hash = tag_hash }
    :: d_step { epoch = old_epoch; token = old_token; lease = old_lease; value = old_value;
            tag_epoch = old_tag_epoch; tag_token = old_tag_token; tag_hash = old_tag_hash; lost = true;
            old_epoch = 0; old_token = 0; old_lease = 0; old_value = 0; old_tag_epoch = 0; old_tag_token = 0; old_tag_hash = 0 }
#endif
    od
}
