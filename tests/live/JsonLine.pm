# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# A strict JSON reader that is an order of magnitude faster than JSON::PP, which
# matters for summaries of 300 objects on an emulated machine. Numbers come back
# as numbers, strings as strings, so that a type can be told (is_number);
# true and false are JSON::PP's, null is undef. json.t holds it against JSON::PP.
package JsonLine;

use strict;
use warnings;

use B ();
use Exporter qw(import);
use JSON::PP ();

our @EXPORT_OK = qw(json_decode is_number is_string is_boolean);

my %escapes = ('"' => '"', '\\' => '\\', '/' => '/', b => "\b", f => "\f", n => "\n", r => "\r", t => "\t");

# The text is bytes and must be UTF-8.
sub json_decode {
    my ($bytes) = @_;
    my $text = $bytes;
    utf8::decode($text) or die "not UTF-8\n" if $text =~ /[^\x00-\x7f]/;
    for ($text) {
        my $value = value();
        /\G[ \t\r\n]*/gc;
        bad('something follows') if pos() < length();
        return $value;
    }
}

sub bad { die sprintf("%s at character %d: %.40s\n", $_[0], pos() // 0, substr($_, pos() // 0)) }

sub value {
    /\G[ \t\r\n]*/gc;
    return 0 + $1 if /\G(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)/gc;
    return string() if /\G"/gc;
    return object() if /\G\{/gc;
    return array() if /\G\[/gc;
    return undef if /\Gnull\b/gc;
    return $JSON::PP::true if /\Gtrue\b/gc;
    return $JSON::PP::false if /\Gfalse\b/gc;
    return bad('no value');
}

sub string {
    /\G([^"\\\x00-\x1f]*)/gc;
    my $string = $1;
    while (!/\G"/gc) {
        if (/\G\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})/gc) {
            $string .= chr(0x10000 + ((hex($1) & 0x3ff) << 10) + (hex($2) & 0x3ff));
        } elsif (/\G\\u([dD][89a-fA-F])/gc) {
            bad('half a surrogate pair');
        } elsif (/\G\\u([0-9a-fA-F]{4})/gc) {
            $string .= chr(hex($1));
        } elsif (/\G\\(["\\\/bfnrt])/gc) {
            $string .= $escapes{$1};
        } else {
            bad('bad string');
        }
        $string .= $1 if /\G([^"\\\x00-\x1f]+)/gc;
    }
    return $string;
}

sub object {
    my %object;
    return \%object if /\G[ \t\r\n]*\}/gc;
    while (1) {
        /\G[ \t\r\n]*"/gc or bad('no key');
        my $key = string();
        bad("key '$key' twice") if exists $object{$key};
        /\G[ \t\r\n]*:/gc or bad('no colon');
        $object{$key} = value();
        next if /\G[ \t\r\n]*,/gc;
        return \%object if /\G[ \t\r\n]*\}/gc;
        bad('no comma');
    }
}

sub array {
    my @array;
    return \@array if /\G[ \t\r\n]*\]/gc;
    while (1) {
        push @array, value();
        next if /\G[ \t\r\n]*,/gc;
        return \@array if /\G[ \t\r\n]*\]/gc;
        bad('no comma');
    }
}

# ---- types ----

sub is_boolean { return ref($_[0]) && ref($_[0]) eq 'JSON::PP::Boolean' }

sub is_string {
    return defined($_[0]) && !ref($_[0]) && (B::svref_2object(\$_[0])->FLAGS & B::SVp_POK) != 0;
}

sub is_number {
    return defined($_[0]) && !ref($_[0]) && (B::svref_2object(\$_[0])->FLAGS & B::SVp_POK) == 0;
}

1;
