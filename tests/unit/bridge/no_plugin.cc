int answer = 42;  // A library without a task.
