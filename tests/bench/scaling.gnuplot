# Draws scaling.svg from the CSV files that scaling.sh wrote into `folder`.
set terminal svg size 960,800 font "sans,12" background rgb "white"
set datafile separator ","
set datafile columnheaders
set grid
set key bottom right
# "Family/first/second": its arguments.
after(text) = substr(text, strstrt(text, "/") + 1, strlen(text))
before(text) = strstrt(text, "/") == 0 ? text : substr(text, 1, strstrt(text, "/") - 1)
first(name) = real(before(after(name)))
second(name) = real(before(after(after(name))))
giga(rate) = rate > 1e6 ? rate / 1e9 : rate
seconds(milliseconds) = milliseconds / 1000
# Slope and height of a straight line through the logarithms.
set fit quiet logfile "/dev/null"
line(x) = a + b * x
set multiplot layout 2,2
set logscale xy
set format "10^{%T}"

updates = folder . "/UpdateByEpisodes.csv"
set title "A whole update of b1, one epoch"
set xlabel "episodes"
set ylabel "CPU seconds"
a = -6; b = 1
fit line(x) updates using (log(first(stringcolumn("name")))):(log(seconds(column("cpu_time")))) via a, b
plot updates using (first(stringcolumn("name"))):(seconds(column("cpu_time"))) with linespoints pt 7 title "measured", \
     exp(line(log(x))) with lines dashtype 2 title sprintf("slope %.2f", b)

updates = folder . "/UpdateByUnits.csv"
set title "A whole update of 16 episodes of 100 steps"
set xlabel "parameters of each network"
a = -15; b = 1
fit line(x) updates using (log(column("parameters"))):(log(seconds(column("cpu_time")))) via a, b
plot updates using (column("parameters")):(seconds(column("cpu_time"))) with linespoints pt 7 title "measured", \
     exp(line(log(x))) with lines dashtype 2 title sprintf("slope %.2f", b)

unset logscale y
set format y "%g"
set yrange [0:110]
set ylabel "GFLOP/s"
shapes = folder . "/BackwardByShape.csv"
set title "One pass of b1's policy"
set xlabel "samples whose activations are kept: steps x sequences"
plot for [cut in "50 100 200"] shapes \
       using (first(stringcolumn("name")) == real(cut) ? first(stringcolumn("name")) * second(stringcolumn("name")) : NaN):(giga(column("GFLOP/s"))) \
       with points pt 7 ps 0.8 title sprintf("sequences of %s steps", cut)

large = folder . "/BackwardLarge.csv"
set title "One pass of large networks, 4 steps"
set xlabel "parameters"
plot for [count in "25 100 400"] large \
       using (second(stringcolumn("name")) == real(count) ? column("parameters") : NaN):(giga(column("GFLOP/s"))) \
       with linespoints pt 7 title sprintf("%s sequences", count)
unset multiplot
