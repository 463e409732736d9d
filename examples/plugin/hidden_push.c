/* A policy pushes a point on a line towards 0. It does not know how strong a push is, nor which way it goes.
 * Each trial begins at another place. The strength is the same in all trials of an episode. */
#include <nmn/task.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct point {
  float strength, x;
  uint32_t steps; /* of the trial */
} point;

static float uniform(uint32_t seed) { /* in [-1, 1) */
  seed = (seed ^ (seed >> 16)) * 0x45d9f3bu;
  seed = (seed ^ (seed >> 16)) * 0x45d9f3bu;
  return (float)((seed ^ (seed >> 16)) >> 8) / 8388608.0f - 1.0f;
}

static void *create(nmn_create *create) {
  point *points = calloc(create->max_lanes, sizeof(point));
  if (points == NULL) snprintf(create->error, NMN_ERROR_SIZE, "no memory for %u lanes", create->max_lanes);
  return points;
}

static int reset(void *self, nmn_reset *reset) {
  for (uint32_t i = 0; i < reset->count; ++i) {
    const uint32_t lane = reset->which[i];
    const float draw = uniform(reset->task_seed[lane]), x = uniform(reset->trial_seed[lane]);
    ((point *)self)[lane] = (point){draw < 0 ? draw - 0.5f : draw + 0.5f, x, 0};
    reset->observation[lane] = x;
  }
  return 0;
}

static int step(void *self, nmn_step *step) {
  for (uint32_t lane = 0; lane < step->lanes; ++lane) {
    point *p = (point *)self + lane;
    const float x = p->x + p->strength * step->action[lane];
    step->observation[lane] = p->x = x < -4 ? -4 : x > 4 ? 4 : x;
    step->reward[lane] = -p->x * p->x;
    step->trial_end[lane] = ++p->steps == 5 ? NMN_TRUNCATED : NMN_GOING_ON;
  }
  return 0;
}

const nmn_task *nmn_task_plugin(void) {
  static const float low[] = {-1, -4}, high[] = {1, 4}; /* of the action, of the observation */
  static const nmn_task task = {
      NMN_TASK_HEADER, {"hidden_push", 1, 20, 1, 1, low + 1, high + 1, NMN_BOX, 1, low, high, NULL}, create, reset, step, free};
  return &task;
}
