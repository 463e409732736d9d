# Draws actors.svg; actor_scaling.sh calls it with points (a CSV), cores and costs (a list).
set terminal svg size 960,460 font "sans,12" background rgb "white"
set datafile separator ","
set datafile columnheaders
set grid
set logscale x 2
set xrange [0.9:9]
set xtics (1, 2, 4, 8)
set xlabel "nmn-actor processes"
set multiplot layout 1,2
set logscale y
set format y "10^{%T}"
set key below maxrows 2
set ylabel "env-steps/s while collecting"
set arrow 1 from cores, graph 0 to cores, graph 1 nohead dashtype 3 lc rgb "#808080"
set label 1 sprintf("%d cores", cores) at cores, graph 0.03 offset 0.5,0 textcolor rgb "#606060"
least(a, b) = a < b ? a : b
plot for [i=1:words(costs)] points using (strcol(1) eq word(costs, i) ? $2 : NaN):6 with linespoints pt 7 lc i \
       title sprintf("%s us a step", word(costs, i)), \
     for [i=1:words(costs)] points using (strcol(1) eq word(costs, i) && $1 > 0 ? $2 : NaN):(1e6 / $1 * least($2, cores)) \
       with lines dashtype 2 lc i title (word(costs, i) eq "0" ? "" : i == words(costs) ? "what the cores allow" : "")
unset logscale y
set format y "%g"
set yrange [0:100]
set ylabel "waiting for episodes, % of an update"
set arrow 2 from graph 0, first 50 to graph 1, first 50 nohead dashtype 3 lc rgb "#808080"
set label 2 "below: the learner is the bottleneck" at graph 0.03, first 46 textcolor rgb "#606060"
plot for [i=1:words(costs)] points using (strcol(1) eq word(costs, i) ? $2 : NaN):(100 * column(8)) with linespoints pt 7 lc i \
       title sprintf("%s us a step", word(costs, i))
unset multiplot
