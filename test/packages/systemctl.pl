#!/usr/bin/perl
# Stands in for systemctl on a host without a service manager. What is said about files (enable, is-enabled, list-unit-files)
# goes to the real one; services run under a process of this program each, by what their installed units say: commands,
# environment files, user, directories, readiness, restart, and who has to stop with whom. Sandboxes are not built.
use strict;
use warnings;
use IO::Select;
use IO::Socket::UNIX;
use POSIX qw(setsid setuid setgid WNOHANG);
use Socket;

my $REAL = '/usr/bin/systemctl.distrib';
my $STATE = '/run/lab-units';
my $START_SECONDS_MAX = 90;

mkdir $STATE;
append("$STATE/calls", "@ARGV\n");
my @words = grep { !/^-/ } @ARGV;
my %flag = map { $_ => 1 } grep { /^-/ } @ARGV;
my $verb = shift @words // 'list-units';
my @units = map { /\.(service|socket|target|timer)$/ ? $_ : "$_.service" } @words;
my $code = 0;

if ($verb =~ /^(enable|disable|is-enabled|list-unit-files|mask|unmask|preset|cat)$/) {
    my @names = $verb eq 'list-unit-files' ? @words : @units;
    $code = system($REAL, '--root=/', (grep { !/^--(now|system)$/ } keys %flag), $verb, @names) >> 8;
    exit $code if $code || !$flag{'--now'};
    $verb = $verb eq 'enable' ? 'start' : 'stop';
}
for my $unit (@units) {
    my $failed = 0;
    if ($verb eq 'start') { $failed = start($unit) }
    elsif ($verb eq 'stop') { stop($unit) }
    elsif ($verb =~ /^(try-)?(restart|reload-or-restart|force-reload)$/) { $failed = restart($unit, $1) }
    elsif ($verb eq 'kill') { kill 'TERM', main_pid($unit) if main_pid($unit) }
    elsif ($verb eq 'reload') { kill 'HUP', main_pid($unit) if main_pid($unit) }
    elsif ($verb eq 'is-active' || $verb eq 'status') {
        my $state = state($unit);
        print "$state\n" unless $flag{'--quiet'} || $flag{'-q'};
        $failed = $state eq 'active' ? 0 : 3;
    }
    elsif ($verb eq 'is-failed') { $failed = state($unit) eq 'failed' ? 0 : 1 }
    elsif ($verb eq 'show') { print 'ActiveState=', state($unit), "\nLoadState=", (file_of($unit) ? 'loaded' : 'not-found'), "\n" }
    elsif ($verb !~ /^(daemon-reload|reset-failed)$/) { die "the stand-in for systemctl knows no $verb\n" }
    $code ||= $failed;
}
exit $code;

sub start {
    my ($unit, @asking) = @_;
    return 0 if state($unit) eq 'active' || $unit !~ /\.service$/;
    my $settings = read_unit($unit) or do { print STDERR "Failed to start $unit: Unit $unit not found.\n"; return 5 };
    for my $needed (map { split } @{ $settings->{Requires} // [] }) {
        return 1 if !grep({ $_ eq $needed } @asking) && start($needed, $unit, @asking);
    }
    write_state($unit, 'activating');
    defined(my $pid = fork) or die "fork: $!";
    if (!$pid) { setsid; supervise($unit, $settings); exit 0 }
    for (1 .. $START_SECONDS_MAX * 20) {
        my $state = state($unit);
        return 0 if $state eq 'active' || ($state eq 'inactive' && last_of($settings, 'Type') eq 'oneshot');
        if ($state eq 'failed') { print STDERR "Job for $unit failed.\n"; return 1 }
        select undef, undef, undef, 0.05;
    }
    print STDERR "Job for $unit timed out.\n";
    return 1;
}

sub stop {
    my ($unit) = @_;
    stop($_) for dependents($unit);
    return if state($unit) !~ /^(active|activating|restarting)$/;
    append("$STATE/$unit.stop", '');
    for (1 .. 1200) { return if state($unit) !~ /^(active|activating|restarting)$/; select undef, undef, undef, 0.05 }
}

sub restart {
    my ($unit, $only_running) = @_;
    return 0 if $only_running && state($unit) ne 'active';
    my @along = dependents($unit);
    stop($unit);
    my $failed = start($unit);
    start($_) for @along;
    return $failed;
}

# Running units that cannot be without this one.
sub dependents {
    my ($unit) = @_;
    return grep {
        my $other = $_;
        state($other) eq 'active' && grep { $_ eq $unit } map { split } map { @{ read_unit($other)->{$_} // [] } } qw(Requires BindsTo)
    } map { m{([^/]+)\.state$} } glob "$STATE/*.state";
}

# The process that stays: starts the command, hears its notifications, and sees it end.
sub supervise {
    my ($unit, $settings) = @_;
    $SIG{HUP} = 'IGNORE';
    POSIX::close($_) for 3 .. 63; # what a maintainer script had open
    my $log = -d '/run/lab-log' ? '/run/lab-log/' . ($unit =~ s/\.service$//r) . '.log' : '/dev/null';
    open STDIN, '<', '/dev/null';
    open STDOUT, '>>', $log;
    open STDERR, '>>', $log;
    unlink "$STATE/$unit.stop", "$STATE/$unit.notify";
    my $notify = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => "$STATE/$unit.notify") or die "notify: $!";
    chmod 0777, "$STATE/$unit.notify";
    my $type = last_of($settings, 'Type', 'simple');
    my $restart = last_of($settings, 'Restart', 'no');
    while (1) {
        my $pid = spawn($unit, $settings);
        write_state($unit, 'active') if $type !~ /^(notify|oneshot)/;
        my $status = watch($unit, $settings, $pid, $notify);
        my $stopped = -e "$STATE/$unit.stop";
        my $again = !$stopped && ($restart eq 'always' || ($restart =~ /^on-(failure|abnormal)$/ && $status));
        if (!$again) { write_state($unit, $status && !$stopped ? 'failed' : 'inactive'); return }
        write_state($unit, state($unit) eq 'active' ? 'restarting' : 'failed');
        my $seconds = last_of($settings, 'RestartSec', '0.1') =~ s/s$//r;
        for (1 .. $seconds * 10) {
            if (-e "$STATE/$unit.stop") { write_state($unit, 'inactive'); return }
            select undef, undef, undef, 0.1;
        }
    }
}

sub watch {
    my ($unit, $settings, $pid, $notify) = @_;
    my $seconds_max = last_of($settings, 'TimeoutStopSec', '90') =~ s/\D+$//r;
    my $selected = IO::Select->new($notify);
    my $asked_at;
    while (1) {
        if ($selected->can_read(0.1)) {
            recv $notify, my $text, 65536, 0;
            write_state($unit, 'active') if $text =~ /^READY=1$/m;
        }
        return $? if waitpid($pid, WNOHANG) == $pid;
        next if !-e "$STATE/$unit.stop";
        if (!$asked_at) {
            $asked_at = time;
            my @commands = @{ $settings->{ExecStop} // [] };
            system(words_of($_, {})) for @commands;
            kill 'TERM', $pid;
        } elsif (time - $asked_at > $seconds_max) { kill 'KILL', $pid }
    }
}

sub spawn {
    my ($unit, $settings) = @_;
    my %environment = (PATH => '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG => 'C.UTF-8');
    $environment{NOTIFY_SOCKET} = "$STATE/$unit.notify" if last_of($settings, 'Type', 'simple') =~ /^notify/;
    set(\%environment, $_) for map { /"[^"]*"|\S+/g } @{ $settings->{Environment} // [] };
    for my $named (@{ $settings->{EnvironmentFile} // [] }) {
        my ($optional, $file) = $named =~ /^(-?)(.*)$/;
        open my $handle, '<', $file or do { next if $optional; die "$file: $!" };
        set(\%environment, $_) for grep { !/^\s*[#;]/ } <$handle>;
    }
    my @owner = owner($settings);
    for my $kind (['RuntimeDirectory', '/run'], ['StateDirectory', '/var/lib'], ['ConfigurationDirectory', '/etc']) {
        for my $name (map { split } @{ $settings->{ $kind->[0] } // [] }) {
            my $path = $kind->[1];
            for my $part (split m{/}, $name) { $path .= "/$part"; mkdir $path }
            chown @owner[0, 1], $path if @owner && $kind->[1] ne '/etc';
            chmod oct(last_of($settings, "$kind->[0]Mode", '0755')), $path;
        }
    }
    system(words_of($_, \%environment)) for @{ $settings->{ExecStartPre} // [] };
    my @command = words_of(last_of($settings, 'ExecStart'), \%environment);
    defined(my $pid = fork) or die "fork: $!";
    if (!$pid) {
        umask oct last_of($settings, 'UMask', '0022');
        if (@owner) { $) = "$owner[1] $owner[1]"; setgid($owner[1]); setuid($owner[0]) }
        chdir '/';
        %ENV = %environment;
        exec { $command[0] } @command or exit 203;
    }
    write_file("$STATE/$unit.main", $pid);
    return $pid;
}

sub owner {
    my ($settings) = @_;
    my $user = last_of($settings, 'User', '');
    return if $user eq '';
    my (undef, undef, $uid, $gid) = getpwnam $user or die "there is no user $user\n";
    my $group = last_of($settings, 'Group', '');
    $gid = getgrnam $group if $group ne '';
    return ($uid, $gid);
}

# An unquoted variable is split into words, one in braces is not.
sub words_of {
    my ($line, $environment) = @_;
    $line =~ s/^[-\@:+!]+//;
    return map { /^\$(\w+)$/ ? split(' ', $environment->{$1} // '') : s/\$\{(\w+)\}/$environment->{$1} \/\/ ''/ger } map { s/^"(.*)"$/$1/r } $line =~ /"[^"]*"|\S+/g;
}

sub set {
    my ($environment, $line) = @_;
    $line =~ /^\s*"?(\w+)=(["']?)(.*?)\2"?\s*$/ and $environment->{$1} = $3;
}

sub file_of {
    my ($unit) = @_;
    return (grep { -e } map { "$_/$unit" } '/etc/systemd/system', '/run/systemd/system', '/usr/local/lib/systemd/system', '/usr/lib/systemd/system')[0];
}

# Key to list of values, drop-ins included; an empty value forgets what was said before.
sub read_unit {
    my ($unit) = @_;
    my $file = file_of($unit) or return;
    my %settings;
    for my $part ($file, glob "/{etc,run,usr/lib}/systemd/system/$unit.d/*.conf") {
        open my $handle, '<', $part or next;
        my $text = join '', <$handle>;
        $text =~ s/\\\n/ /g;
        for (split /\n/, $text) {
            next if !/^(\w+)\s*=\s*(.*?)\s*$/;
            if ($2 eq '') { delete $settings{$1} } else { push @{ $settings{$1} }, $2 }
        }
    }
    return \%settings;
}

sub last_of {
    my ($settings, $key, $default) = @_;
    return ($settings->{$key} // [$default // ''])->[-1];
}

# A unit whose keeper was ended from outside, as on a host that crashed, is not running.
sub state {
    my ($unit) = @_;
    return (read_file("$STATE/$unit.state") // 'inactive') =~ s/\s//gr;
}

sub main_pid { return read_file("$STATE/$_[0].main") }
sub write_state { write_file("$STATE/$_[0].state", $_[1]) }

sub read_file {
    open my $handle, '<', $_[0] or return;
    return scalar <$handle>;
}

sub write_file {
    my ($path, $text) = @_;
    open my $handle, '>', "$path.$$" or die "$path: $!";
    print $handle $text;
    close $handle;
    rename "$path.$$", $path;
}

sub append {
    my ($path, $text) = @_;
    open my $handle, '>>', $path or return;
    print $handle $text;
}
