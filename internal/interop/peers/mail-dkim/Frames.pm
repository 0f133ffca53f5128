# The loop of sign and verify: see the README.md in the folder above.
package Frames;

use strict;
use warnings;

# Answers every message on standard input with $answer->($message), in octets.
# What $answer dies of is the peer's refusal of the message.
sub serve {
    my ($answer) = @_;
    binmode STDIN;
    binmode STDOUT;
    $| = 1;
    while (defined(my $line = <STDIN>)) {
        my $message = '';
        read(STDIN, $message, $line) == $line or die "the message is cut off\n";
        my $reply = eval { $answer->($message) };
        my $word = 'ok';
        if (!defined $reply) {
            ($word, $reply) = ('error', "$@");
        }
        print $word, ' ', length $reply, "\n", $reply;
    }
}

1;
