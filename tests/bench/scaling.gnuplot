# Draws docs/benchmarks_scaling.svg from scaling-bench:
#   scaling-bench --benchmark_filter=UpdateByEpisodes --benchmark_format=csv > updates.csv
#   scaling-bench --benchmark_filter=BackwardByUnits --benchmark_format=csv > passes.csv
#   gnuplot -e "updates='updates.csv'; passes='passes.csv'" tests/bench/scaling.gnuplot > docs/benchmarks_scaling.svg
set terminal svg size 960,400 font "sans,12" background rgb "white"
set datafile separator ","
set datafile columnheaders
set logscale xy
set format "%.0e"
set grid
set key bottom right
argument(name) = real(substr(name, strstrt(name, "/") + 1, strlen(name)))
set multiplot layout 1,2
set xlabel "episodes an update (b1, one epoch)"
set ylabel "CPU seconds of an update"
plot updates using (argument(stringcolumn("name"))):(column("cpu_time") / 1000) with linespoints pt 7 title "measured", \
     "" using (argument(stringcolumn("name"))):(argument(stringcolumn("name")) * 0.0029) with lines dashtype 2 title "proportional"
set xlabel "parameters of the network (50 steps of 25 sequences)"
set ylabel "CPU seconds of a pass"
plot passes using (column("parameters")):(column("cpu_time") / 1000) with linespoints pt 7 title "measured", \
     "" using (column("parameters")):(column("parameters") * 6 * 1250 / 100e9) with lines dashtype 2 title "100 GFLOP/s"
unset multiplot
