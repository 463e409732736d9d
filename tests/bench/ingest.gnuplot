# Draws scale_ingest.svg from the CSV that ingest-bench printed into ingest.csv of `folder`.
set terminal svg size 720,420 font "sans,12" background rgb "white"
set output folder . "/scale_ingest.svg"
set datafile separator ","
set grid
set key off
set logscale xy
set format x "10^{%T}"
set xlabel "connected actors"
set ylabel "CPU microseconds a message, under the lock"
set yrange [1:100]
plot folder . "/ingest.csv" using 1:2 skip 1 with linespoints pt 7
