# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# A Grafana dashboard file as Grafana reads it: its panels, and the queries that it sends to Prometheus.
package Dashboard;

use strict;
use warnings;

use Exporter qw(import);

use File::Basename qw(dirname);
use lib dirname(__FILE__);
use JsonLine qw(json_decode);

our @EXPORT_OK = qw(dashboard_read dashboard_errors dashboard_queries);

sub dashboard_read {
    my ($path) = @_;
    open(my $in, '<:raw', $path) or die "$path: $!";
    local $/;
    return json_decode(scalar <$in>);
}

# What Grafana would draw over another panel, could not tell from another or would not find.
sub dashboard_errors {
    my ($board) = @_;
    my (%ids, %cells, @errors);
    my %variable = map { $_->{name} => 1 } @{ $board->{templating}{list} };
    for my $panel (@{ $board->{panels} }) {
        my ($title, $at) = @$panel{qw(title gridPos)};
        push @errors, "$title: its id is another's too" if $ids{ $panel->{id} }++;
        push @errors, "$title: wider than the page" if $at->{x} + $at->{w} > 24;
        for my $x ($at->{x} .. $at->{x} + $at->{w} - 1) {
            push @errors, "$title: over $cells{$x, $_}" for grep { $cells{$x, $_} } $at->{y} .. $at->{y} + $at->{h} - 1;
            $cells{$x, $_} = $title for $at->{y} .. $at->{y} + $at->{h} - 1;
        }
        next if $panel->{type} eq 'row';
        push @errors, "$title: not of the chosen data source" if $panel->{datasource}{uid} ne '${datasource}';
        push @errors, "$title: asks nothing" if !@{ $panel->{targets} };
        for my $name (map { $_->{expr} =~ /\$(\w+)/g } @{ $panel->{targets} }) {
            push @errors, "$title: no variable $name" unless $variable{$name} || $name =~ /^__(rate_interval|range)$/;
        }
    }
    return @errors;
}

# ([what, query], …), everything chosen: of the panels, and of the variables that ask for the values of a label.
sub dashboard_queries {
    my ($board, $interval) = @_;
    my @queries;
    for my $panel (@{ $board->{panels} }) {
        push @queries, map { [ "$panel->{title} ($_->{refId})", $_->{expr} ] } @{ $panel->{targets} // [] };
    }
    my %value = (__rate_interval => $interval, __range => $interval);
    for my $variable (@{ $board->{templating}{list} }) {
        $value{ $variable->{name} } = $variable->{allValue} // '';
        next if $variable->{type} ne 'query';
        my ($of, $label) = $variable->{query} =~ /^label_values\((.*), (\w+)\)$/ or die "$variable->{name}: $variable->{query}";
        push @queries, [ "variable $variable->{name}", "group by ($label) ($of\{$label!=\"\"})" ];
    }
    $_->[1] =~ s/\$(\w+)/$value{$1}/g for @queries;
    return @queries;
}

1;
