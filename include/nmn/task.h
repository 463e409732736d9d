/* A task for nmn in C, or in any language that exports C functions. It is a shared library, which nmn-actor and the
 * verbs of nmn load with --task_plugin=FILE. This header is all that it needs. docs/tasks.md says how to use it.
 * examples/plugin is such a task.
 *
 *   nmn_task_plugin() -> create -> [ reset of every lane -> [ step -> reset of those whose trial ended ] x T ] .. ->
 * destroy
 *
 * A lane is one environment. It plays one episode of T steps at a time. An array [n, lane] has number k of lane i at
 * k * lanes + i. What is marked "out" is nmn's memory: write all of it, for the lanes that were asked for.
 *
 * Draw the task of an episode from its task_seed, which all its trials share. Draw everything else from trial_seed.
 * Then a run has the same bits with any number of actors. Nothing else may change a result: no clock, no other lane, no
 * variable that lives on from a trial before.
 *
 * One process makes several objects. Each is used by a thread of its own, at the same time as the others. So keep all
 * state in what create returns. Denormals count as zero while nmn calls. No C++ exception may leave a function. If a
 * function does not return, nmn waits for it.
 */
#ifndef NMN_TASK_H_
#define NMN_TASK_H_

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Changes with every change of this file that is not a comment. */
#define NMN_TASK_ABI 1u

/* Room for a message of one line, its end included. */
#define NMN_ERROR_SIZE 512

enum { NMN_BOX = 1, NMN_CHOICES = 2 };                            /* nmn_spec.action_kind */
enum { NMN_GOING_ON = 0, NMN_TERMINATED = 1, NMN_TRUNCATED = 2 }; /* nmn_step.trial_end */

/* What the task is. All that it points to lives as long as the library. */
typedef struct nmn_spec {
  const char* name;             /* names runs; at most 64 letters, digits, _ and . */
  uint32_t version;             /* from 1. Raise it when the rules change: a run refuses actors of another version */
  uint32_t horizon;             /* T, the steps of an episode, unless the user asks for another number */
  uint32_t has_trials;          /* 1: an episode may have several trials; 0: trial_end is never set */
  uint32_t observation_size;    /* d */
  const float* observation_low; /* [d]. A number outside is an error. -INFINITY: no bound. NULL: no number has one */
  const float* observation_high;
  uint32_t action_kind;    /* NMN_BOX: real numbers. NMN_CHOICES: choices, each an index from 0 */
  uint32_t action_size;    /* m, how many numbers or choices one step has */
  const float* action_low; /* NMN_BOX: [m]. The numbers that step gets lie within. NULL: no number has a bound */
  const float* action_high;
  const uint32_t* choices; /* NMN_CHOICES: [m], how many options each choice has */
} nmn_spec;

typedef struct nmn_create {
  uint32_t horizon;   /* T of the episodes to come: the spec's, or the number that the user asks for */
  uint32_t max_lanes; /* no reset or step has more lanes */
  char* error;        /* out, on failure: why, at most NMN_ERROR_SIZE bytes */
} nmn_create;

/* Begins a trial in some lanes: in all of them at the beginning of an episode, later in those whose trial ended. */
typedef struct nmn_reset {
  uint32_t lanes;
  uint32_t count;             /* how many numbers `which` has */
  const uint32_t* which;      /* [count] lanes in which to begin, ascending */
  const uint32_t* task_seed;  /* [lane], below 2^31 */
  const uint32_t* trial_seed; /* [lane], below 2^31 */
  float* observation;         /* [d, lane] out: the first observation, for the lanes of `which` */
  uint32_t failed_lane;       /* out, on failure */
  char* error;                /* out, on failure */
} nmn_reset;

/* One step of every lane. */
typedef struct nmn_step {
  uint32_t lanes;
  uint32_t t;           /* the step of the episode, from 0 */
  const float* action;  /* [m, lane]; choices are whole numbers from 0 */
  float* reward;        /* [lane] out */
  uint8_t* trial_end;   /* [lane] out; 0 before the call */
  float* observation;   /* [d, lane] out: after the step, also if it ended a trial */
  uint32_t failed_lane; /* out, on failure */
  char* error;          /* out, on failure */
} nmn_step;

typedef struct nmn_task {
  uint32_t abi; /* NMN_TASK_ABI */
  uint32_t task_size, spec_size, create_size, reset_size, step_size;
  nmn_spec spec;
  void* (*create)(nmn_create*);         /* NULL: failure */
  int (*reset)(void* self, nmn_reset*); /* 0: done; anything else is a failure, and self is destroyed */
  int (*step)(void* self, nmn_step*);
  void (*destroy)(void* self);
} nmn_task;

/* The first members of an nmn_task, in one word. */
#define NMN_TASK_HEADER \
  NMN_TASK_ABI, sizeof(nmn_task), sizeof(nmn_spec), sizeof(nmn_create), sizeof(nmn_reset), sizeof(nmn_step)

#if defined(__GNUC__)
__attribute__((visibility("default")))
#endif
/* What the library exports, under this name. The same object each time, for as long as the process lives. */
const nmn_task*
nmn_task_plugin(void);

#ifdef __cplusplus
}
#endif

#endif /* NMN_TASK_H_ */
