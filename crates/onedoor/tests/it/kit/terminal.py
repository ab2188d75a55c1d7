"""A terminal for a program: what it shows goes to stdout line by line, what is told on stdin is done.

    type TEXT     keys, with Python's escapes
    modes         says "modes: ..." of the terminal as the program has set it
    signal NAME   to the program
    resize R C    rows and columns
    hang up       the window is closed
The last line is "exit: CODE; terminal: same" (or "changed", or "gone").
"""
import fcntl, os, pty, select, signal, struct, sys, termios

keeper, inside = os.openpty()
fcntl.ioctl(keeper, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
before = termios.tcgetattr(inside)
report, told = os.pipe()
shell = os.fork()
if shell == 0:
    # It leads the session, as somebody's shell does, so that the program hears of the terminal from the terminal alone.
    os.close(keeper)
    os.setsid()
    fcntl.ioctl(inside, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    program = os.fork()
    if program == 0:
        os.setpgid(0, 0)
        os.tcsetpgrp(inside, os.getpgrp())
        for number in (signal.SIGHUP, signal.SIGTTOU):
            signal.signal(number, signal.SIG_DFL)
        for descriptor in range(3):
            os.dup2(inside, descriptor)
        os.closerange(3, 100)
        os.environ.update(TERM="xterm", LC_ALL="C.UTF-8")
        os.execv(sys.argv[1], sys.argv[1:])
    os.close(inside)
    for descriptor in range(3):
        os.close(descriptor)
    os.write(told, f"pid {program}\n".encode())
    while True:
        _, status = os.waitpid(program, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            break
        os.write(told, b"stopped\n")
    os.write(told, f"exit {os.waitstatus_to_exitcode(status)}\n".encode())
    # Its end would be the terminal's.
    signal.pause()
os.close(told)
# Unbuffered: select must see what is left of it.
report = os.fdopen(report, "rb", buffering=0)
program = int(report.readline().split()[1])

def say(line):
    print(line, flush=True)

def modes():
    flags = termios.tcgetattr(inside)[3]
    say("modes: " + ("lines" if flags & termios.ICANON else "keys")
        + (" echo" if flags & termios.ECHO else " silent"))

orders, shown = b"", b""
while True:
    ready, _, _ = select.select([report, 0] + ([keeper] if keeper else []), [], [])
    if report in ready:
        what, _, code = report.readline().decode().strip().partition(" ")
        if what == "exit":
            break
        say("stopped")
        modes()
    if keeper in ready:
        shown += os.read(keeper, 65536)
        *lines, shown = shown.split(b"\n")
        for line in lines:
            say(line.decode(errors="replace").rstrip("\r"))
    if 0 in ready:
        read = os.read(0, 65536)
        if not read:
            os.kill(program, signal.SIGKILL)
        orders += read
        *lines, orders = orders.split(b"\n")
        for line in lines:
            word, _, rest = line.decode().partition(" ")
            if word == "type":
                os.write(keeper, rest.encode().decode("unicode_escape").encode())
            elif word == "modes":
                modes()
            elif word == "signal":
                os.kill(program, getattr(signal, "SIG" + rest))
            elif word == "resize":
                rows, columns = map(int, rest.split())
                fcntl.ioctl(keeper, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            elif word == "hang":
                os.close(inside)
                os.close(keeper)
                keeper = None
if keeper is None:
    say(f"exit: {code}; terminal: gone")
    os.kill(shell, signal.SIGKILL)
    sys.exit()
while select.select([keeper], [], [], 0)[0]:
    shown += os.read(keeper, 65536)
for line in shown.split(b"\n"):
    say(line.decode(errors="replace").rstrip("\r"))
same = "same" if termios.tcgetattr(inside) == before else "changed"
say(f"exit: {code}; terminal: {same}")
os.kill(shell, signal.SIGKILL)
