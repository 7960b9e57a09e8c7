# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# JSON as the tests read it: strict (no key twice, nothing behind the value, UTF-8), and so that a type can be told:
# numbers come back as numbers, strings as strings, true and false as objects, null as undef.
package JsonLine;

use strict;
use warnings;

use B ();
use Cpanel::JSON::XS ();
use Exporter qw(import);

our @EXPORT_OK = qw(json_decode json_encode json_true json_false is_number is_string is_boolean);

my $json = Cpanel::JSON::XS->new->utf8->allow_nonref->canonical;

# The text is bytes.
sub json_decode { return $json->decode($_[0]) }
sub json_encode { return $json->encode($_[0]) }
sub json_true { return Cpanel::JSON::XS::true() }
sub json_false { return Cpanel::JSON::XS::false() }

# ---- types ----

sub is_boolean { return Cpanel::JSON::XS::is_bool($_[0]) }

sub is_string {
    return defined($_[0]) && !ref($_[0]) && (B::svref_2object(\$_[0])->FLAGS & B::SVp_POK) != 0;
}

sub is_number {
    return defined($_[0]) && !ref($_[0]) && (B::svref_2object(\$_[0])->FLAGS & B::SVp_POK) == 0;
}

1;
