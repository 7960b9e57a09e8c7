# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Hooks that ipctrace did without, as the start line tells: right where this kernel lacks the function,
# wrong where it has it and refused the program. What the kernel has is read from its own type
# information, whose strings name every function that can be hooked; nobody else is asked.
package Hooks;

use strict;
use warnings;

use Exporter qw(import);

our @EXPORT_OK = qw(refused);

# A program that a kernel refuses for what it lacks besides the function: by what tells of it.
my @excuses = (
    # The task_vma iterator came with 5.13; so far back bpf_d_path() is no helper of iterators, either.
    [ qr/^iter:\w+_(?:names|mappings)$/, sub { !has('bpf_iter_task_vma') } ],
);

my $strings;

sub has {
    my ($name) = @_;
    if (!defined $strings) {
        open(my $in, '<:raw', '/sys/kernel/btf/vmlinux') or return 0;
        local $/;
        $strings = <$in>;
    }
    return index($strings, "\0$name\0") >= 0;
}

# Texts, one for each program that was refused; none when all is well.
sub refused {
    my ($start) = @_;
    my @refused;
    for my $mechanism (@{ $start->{mechanisms} }) {
        for my $hook (@{ $mechanism->{unhooked} }) {
            my ($kind, $names) = split /:/, $hook, 2;
            my $there = grep { has($kind eq 'tp_btf' ? "btf_trace_$_" : $_) } split /\|/, $names;
            $there = 1 if $kind eq 'iter';    # it is not tried where the kernel has no such iterator
            next if !$there || grep { $hook =~ $_->[0] && $_->[1]->() } @excuses;
            push @refused, "$mechanism->{name}: $hook";
        }
    }
    return @refused;
}

1;
