/* SPDX-License-Identifier: Apache-2.0
 *
 * The protocol of docs/consistency.md for spin, small enough to visit every state. README.md beside
 * it says what is left out and what was checked; `check` runs it.
 *
 * Sizes (-D): KEYS 2..3, CHANGES in the binlog, FAULTS in all (cancelled chunks, lost connections,
 * batches rolled back, lock timeouts). EXACT: keys that the client can compare; otherwise keys that
 * only the server can compare. XA: the application may prepare a change and commit it later. CUT_*
 * each take one rule out.
 */
#ifndef KEYS
#define KEYS 2
#endif
#ifndef CHANGES
#define CHANGES 3
#endif
#ifndef FAULTS
#define FAULTS 1
#endif

#define CHUNKS 2

/* Chunks */
#define UNOPENED 0
#define OPEN 1
#define CLOSED 2
/* Keys at the coordinator */
#define ABSENT 0
#define QUEUED 1
#define PARKED 2
#define FLYING 3

/* ---- The server. A value of 0 is no row; every other value is written once, so a stale row shows. */
byte log_key[CHANGES];
byte log_value[CHANGES];
bool log_more[CHANGES]; /* the next change is of the same transaction */
#ifdef XA
/* XA PREPARE is in the binlog with its rows, which nobody sees; XA COMMIT makes them visible. */
#define PREPARED 255 /* as a value */
#define NOBODY KEYS
bool log_xa[CHANGES]; /* an XA COMMIT */
byte xa_key = NOBODY; /* of the prepared change, locked until its end */
byte xa_value = 0;
#define is_free(key) ((key) != xa_key)
#define room(changes) (end + (changes) + (xa_key != NOBODY -> 1 : 0) <= CHANGES)
#define any_prepared (xa_key != NOBODY)
#define is_visible_change(place) (log_value[place] != PREPARED)
#else
#define is_free(key) true
#define room(changes) (end + (changes) <= CHANGES)
#define any_prepared false
#define is_visible_change(place) true
#endif
byte end = 0;           /* of the binlog, in changes */
byte visible = 0;       /* what new read views see of it */
byte written[KEYS];     /* S as the application sees it */
byte S[KEYS];           /* S as new read views see it */
byte G[KEYS];
bool locked = false;    /* LOCK TABLES was granted */
bool swapped = false;

/* ---- The feed and the coordinator */
bool started = false;
byte delivered = 0; /* changes, from the beginning of the binlog */
byte fenced = 0;    /* see SEQUENCE */
/* Logical time: 1 is what lies before the first change, so nothing is covered before the first fence. */
#define SEQUENCE (delivered + 1)

byte chunk_state[CHUNKS];
byte opening[CHUNKS];
byte opened_at[CHUNKS];
byte last_opening = 0;

byte state[KEYS];
byte sequence[KEYS];
byte epoch[KEYS];
byte again_sequence[KEYS]; /* delivered again while queued or in flight; 0: no */
byte again_epoch[KEYS];
byte queue[KEYS]; /* served from the front */
byte queued = 0;

byte fence_ticket = 0; /* 0: none under way */
byte fence_place = 0;
byte batch_ticket = 0; /* 0: no batch is out */
bool paused = false;   /* the replayer takes no batches */
byte faults = 0;

/* Scratch of single steps: not part of the state. */
hidden byte i;
hidden byte at;
hidden byte more;

#define fault_left (faults < FAULTS)
#define chunk_of(key) ((key) == 0 -> 0 : 1)
#define any_open (chunk_state[0] == OPEN || chunk_state[1] == OPEN)
#define copied (chunk_state[0] == CLOSED && chunk_state[1] == CLOSED)
#define open_since(c, e) (chunk_state[c] == OPEN && opening[c] <= (e))
#define all_done_since(e) (!open_since(0, e) && !open_since(1, e))
#define covers(s) ((s) <= fenced)
#define will_cover(s) (covers(s) || (s) <= fence_ticket || (s) <= batch_ticket)
#define holds(s, e) (covers(s) && ((e) == 0 || all_done_since(e)))
#define front_holds (queued > 0 && holds(sequence[queue[0]], epoch[queue[0]]))
#define front_waits (queued > 0 && !will_cover(sequence[queue[0]]))
#define opening_waits(c) (chunk_state[c] == OPEN && !will_cover(opened_at[c]))
#ifdef CUT_FENCE
#define proved(place) true
#else
#define proved(place) (visible >= (place))
#endif

/* Changes that are visible and delivered matter no more; forgetting them merges states. */
inline forget_change(place) {
    log_key[place] = 0;
    log_value[place] = 0;
#ifdef XA
    log_xa[place] = false;
#endif
    log_more[place] = false
}

inline append(key, value, and_more) {
    log_key[end] = key;
    log_value[end] = value;
    log_more[end] = and_more;
    written[key] = value;
    end++
}

/* The application: inserts, updates, deletes, and moves a row to a key that is free. */
proctype Application() {
    byte key = 0;
    byte other = 0;
end_idle:
    do
    :: atomic {
           room(1) && !locked && !swapped ->
           select (key : 0 .. KEYS - 1);
           if
           :: is_free(key) -> append(key, end + 2, false)
           :: is_free(key) && written[key] != 0 -> append(key, 0, false)
           :: is_free(key) && written[key] != 0 && room(2) ->
              select (other : 0 .. KEYS - 1);
              if
              :: written[other] == 0 && is_free(other) ->
                 append(key, 0, true);
                 append(other, end + 2, false)
              :: else -> append(key, end + 2, false) /* nowhere to go: an update */
              fi
#ifdef XA
           :: !any_prepared && room(2) ->
              xa_key = key;
              if
              :: xa_value = end + 2
              :: written[key] != 0 -> xa_value = 0
              fi;
              log_key[end] = key;
              log_value[end] = PREPARED;
              end++
           :: !is_free(key) /* it is locked */
#endif
           fi;
           key = 0;
           other = 0
       }
#ifdef XA
    :: d_step { /* also while LOCK TABLES waits for it */
           any_prepared ->
           log_xa[end] = true;
           append(xa_key, xa_value, false);
           xa_key = NOBODY;
           xa_value = 0
       }
    :: d_step { /* XA ROLLBACK */
           any_prepared ->
           xa_key = NOBODY;
           xa_value = 0
       }
#endif
    od
}

/* Engine commits come in binlog order, each of a whole transaction, whenever they like. */
proctype Engine() {
end_idle:
    do
    :: d_step {
           visible < end ->
           more = 1;
           do
           :: more ->
              if
              :: is_visible_change(visible) -> S[log_key[visible]] = log_value[visible]
              :: else
              fi;
              more = log_more[visible];
              if
              :: started && visible < delivered -> forget_change(visible)
              :: else
              fi;
              visible++
           :: else -> break
           od
       }
    od
}

inline enqueue(key) {
    state[key] = QUEUED;
    queue[queued] = key;
    queued++
}

inline deliver(key) {
#ifdef EXACT
    if
    :: state[key] == PARKED -> sequence[key] = SEQUENCE
    :: state[key] == QUEUED || state[key] == FLYING -> again_sequence[key] = SEQUENCE
    :: state[key] == ABSENT && chunk_state[chunk_of(key)] == UNOPENED /* discarded */
    :: state[key] == ABSENT && chunk_state[chunk_of(key)] == OPEN ->
#ifdef CUT_CHUNK_RULE
       sequence[key] = SEQUENCE;
       enqueue(key)
#elif defined(CUT_PARKING)
       skip /* discarded like keys beyond the open chunks */
#else
       sequence[key] = SEQUENCE;
       state[key] = PARKED
#endif
    :: state[key] == ABSENT && chunk_state[chunk_of(key)] == CLOSED ->
       sequence[key] = SEQUENCE;
       enqueue(key)
    fi
#else
    if
    :: last_opening == 0 /* discarded: every chunk is still to come */
    :: last_opening != 0 ->
#ifdef CUT_EPOCH
       at = 0;
#else
       at = (any_open -> last_opening : 0);
#endif
       if
       :: state[key] == ABSENT ->
          sequence[key] = SEQUENCE;
          epoch[key] = at;
          enqueue(key)
       :: else ->
          again_sequence[key] = SEQUENCE;
          again_epoch[key] = at
       fi
    fi
#endif
}

/* Begins at the end of the binlog: what is in it then may be invisible, and is never delivered. */
proctype Feed() {
    d_step {
        !any_prepared -> /* those that there are are waited for */
        delivered = end;
        started = true;
        i = 0;
        do
        :: i < visible -> forget_change(i); i++
        :: else -> break
        od;
#ifdef CUT_FIRST_FENCE
        fenced = SEQUENCE
#endif
    };
end_idle:
    do
    :: d_step {
           delivered < end ->
           delivered++;
           if
#ifdef CUT_XA
           :: log_xa[delivered - 1] /* it was delivered when it was prepared */
#endif
#ifdef CUT_BEFORE_IMAGE
           :: log_more[delivered - 1] /* only the new key of a row that moves */
#endif
           :: else -> deliver(log_key[delivered - 1])
           fi;
           if
           :: delivered <= visible -> forget_change(delivered - 1)
           :: else
           fi
       }
    od
}

inline acknowledge(ticket) {
    if
    :: ticket > fenced -> fenced = ticket
    :: else
    fi
}

/* Writes a fence when the front of the queue or an open chunk waits for one that is not under way. */
proctype Fencer() {
end_idle:
    do
    :: d_step {
           fence_ticket == 0 && !locked && !swapped &&
               (front_waits || opening_waits(0) || opening_waits(1)) ->
           fence_ticket = SEQUENCE;
           fence_place = end
       }
    :: d_step {
           fence_ticket != 0 && proved(fence_place) ->
           acknowledge(fence_ticket);
           fence_ticket = 0;
           fence_place = 0
       }
    :: d_step {
           fence_ticket != 0 && fault_left ->
           faults++; /* its fate is unknown */
#ifdef CUT_UNKNOWN_FENCE
           acknowledge(fence_ticket);
#endif
           fence_ticket = 0;
           fence_place = 0
       }
    od
}

proctype Copier(byte chunk) {
    byte rows[KEYS];
    started;
open:
    chunk_state[chunk] == UNOPENED;
    d_step {
        chunk_state[chunk] = OPEN;
        last_opening++;
        opening[chunk] = last_opening;
        opened_at[chunk] = SEQUENCE
    };
    d_step { /* the statement opens its read view */
        covers(opened_at[chunk]);
        for (i : 0 .. KEYS - 1) {
            if
            :: chunk_of(i) == chunk -> rows[i] = S[i]
            :: else
            fi
        }
    };
    if
    :: d_step { /* plain inserts, commit */
           for (i : 0 .. KEYS - 1) {
               if
               :: chunk_of(i) == chunk ->
                  assert(G[i] == 0); /* error 1062 */
                  G[i] = rows[i]
               :: else
               fi;
               rows[i] = 0
           }
       };
       if
       :: d_step { /* close */
              chunk_state[chunk] = CLOSED;
              opening[chunk] = 0;
              opened_at[chunk] = 0;
              for (i : 0 .. KEYS - 1) {
                  if
                  :: state[i] == PARKED && chunk_of(i) == chunk -> enqueue(i)
                  :: else
                  fi
              }
          }
       :: d_step { /* connection lost: the range is emptied, since the statement may have committed */
              fault_left ->
              faults++;
              for (i : 0 .. KEYS - 1) {
                  if
                  :: chunk_of(i) == chunk -> G[i] = 0
                  :: else
                  fi
              };
              i = 0
          };
          goto cancel
       fi
    :: d_step { /* rolled back */
           fault_left ->
           faults++;
           for (i : 0 .. KEYS - 1) {
               rows[i] = 0
           };
           i = 0 /* spin cannot have two steps end in a loop here */
       };
       goto cancel
    fi;
    goto done;
cancel:
    skip;
    d_step {
        chunk_state[chunk] = UNOPENED;
        opening[chunk] = 0;
        opened_at[chunk] = 0;
        for (i : 0 .. KEYS - 1) {
            if
            :: state[i] == PARKED && chunk_of(i) == chunk ->
               state[i] = ABSENT;
               sequence[i] = 0
            :: else
            fi
        }
    };
    goto open;
done:
    skip
}

/* Takes the front key, its later delivery too if that holds by now. */
inline take_front() {
    key = queue[0];
    for (i : 1 .. KEYS - 1) {
        queue[i - 1] = queue[i]
    }
    queued--;
    queue[KEYS - 1] = 0;
    state[key] = FLYING;
    taken[key] = true;
    if
    :: again_sequence[key] != 0 && holds(again_sequence[key], again_epoch[key]) ->
       again_sequence[key] = 0;
       again_epoch[key] = 0
    :: else
    fi;
#ifdef EXACT
    touched[key] = true;
#elif defined(CUT_CONFINEMENT)
    touched[key] = true;
#else
    touched[key] = (chunk_state[chunk_of(key)] == CLOSED);
#endif
    key = 0
}

inline end_batch() {
    for (i : 0 .. KEYS - 1) {
        taken[i] = false;
        touched[i] = false
    }
    batch_ticket = 0;
    place = 0
}

inline give_back() {
    faults++;
#ifdef CUT_FAILED_BATCH
    acknowledge(batch_ticket);
#endif
    for (i : 0 .. KEYS - 1) {
        if
        :: taken[i] ->
           if
           :: again_sequence[i] != 0 ->
              sequence[i] = again_sequence[i];
              epoch[i] = again_epoch[i];
              again_sequence[i] = 0;
              again_epoch[i] = 0
           :: else
           fi;
           enqueue(i)
        :: else
        fi
    }
    end_batch()
}

inline complete() {
    acknowledge(batch_ticket);
    for (i : 0 .. KEYS - 1) {
        if
        :: taken[i] && again_sequence[i] != 0 ->
           sequence[i] = again_sequence[i];
           epoch[i] = again_epoch[i];
           again_sequence[i] = 0;
           again_epoch[i] = 0;
           enqueue(i)
        :: taken[i] && again_sequence[i] == 0 ->
           state[i] = ABSENT;
           sequence[i] = 0;
           epoch[i] = 0
        :: else
        fi
    }
    end_batch()
}

/* One replayer; during the cut-over it stands for the batches on the connection with the lock. */
proctype Replayer() {
    bool taken[KEYS];
    bool touched[KEYS]; /* of those taken: inside of what the batch is confined to */
    byte key = 0;
    byte place = 0;
end_idle:
    do
    :: atomic {
           !paused && !swapped && front_holds ->
           batch_ticket = SEQUENCE;
           take_front();
           do
           :: front_holds -> take_front()
           :: break /* the batch is full */
           od
       };
       if
       :: d_step { /* deletes; other writers of these rows would wait from here on */
              for (i : 0 .. KEYS - 1) {
                  if
                  :: touched[i] -> G[i] = 0
                  :: else
                  fi
              }
          };
          if
          :: d_step { /* the insert opens its read view; commit */
                 for (i : 0 .. KEYS - 1) {
                     if
                     :: touched[i] ->
                        assert(G[i] == 0); /* error 1062 */
                        G[i] = S[i]
                     :: else
                     fi
                 };
                 place = end
             };
             d_step { proved(place); complete() }
          :: d_step { fault_left -> give_back() } /* only the deletes are committed */
          fi
       :: d_step { fault_left -> give_back() } /* rolled back */
       fi
    od
}

inline unlock() {
    faults++;
    locked = false;
    paused = false
}

proctype Cutover() {
    copied;
attempt:
    paused = true;
    batch_ticket == 0;
    if
#ifdef CUT_LOCK_WAIT
    :: d_step { locked = true }
#else
    :: d_step { visible == end && !any_prepared -> locked = true } /* all on S have ended */
#endif
    :: d_step { fault_left -> unlock() }; /* timeout */
       goto attempt
    fi;
    /* The last fence: nothing is written behind it while the lock is held. */
    if
#ifdef CUT_LAST_FENCE
    :: true
#else
    :: delivered == end
#endif
    :: d_step { fault_left -> unlock() };
       goto attempt
    fi;
    d_step {
        acknowledge(SEQUENCE);
        paused = false /* drain */
    };
    batch_ticket == 0 && queued == 0;
    if
    :: d_step { /* RENAME */
           swapped = true;
           locked = false;
           for (i : 0 .. KEYS - 1) {
               assert(S[i] == written[i]);
               assert(G[i] == S[i])
           };
#ifdef REACHED
           assert(false)
#endif
       }
    :: d_step { fault_left -> unlock() }; /* connection lost before it */
       goto attempt
    fi
}

init {
    atomic {
        at = 0;
        do
        :: at < KEYS ->
           if
           :: S[at] = 1;
              written[at] = 1
           :: skip
           fi;
           at++
        :: else -> break
        od;
        at = 0;
        run Application();
        run Engine();
        run Feed();
        run Fencer();
        run Copier(0);
        run Copier(1);
        run Replayer();
        run Cutover()
    }
}
