"""A terminal for a program: what it shows goes to stdout line by line, what is told on stdin is done.

    type TEXT     keys, with Python's escapes
    modes         says "modes: ..." of the terminal as the program has set it
    signal NAME   to the program
    resize R C    rows and columns
The last line is "exit: CODE; terminal: same" (or "changed").
"""
import fcntl, os, pty, select, signal, struct, sys, termios

keeper, inside = os.openpty()
fcntl.ioctl(keeper, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
before = termios.tcgetattr(inside)
program = os.fork()
if program == 0:
    os.setsid()
    fcntl.ioctl(inside, termios.TIOCSCTTY, 0)
    for descriptor in range(3):
        os.dup2(inside, descriptor)
    os.closerange(3, 100)
    os.environ.update(TERM="xterm", LC_ALL="C.UTF-8")
    os.execv(sys.argv[1], sys.argv[1:])

def say(line):
    print(line, flush=True)

def modes():
    flags = termios.tcgetattr(inside)[3]
    say("modes: " + ("lines" if flags & termios.ICANON else "keys")
        + (" echo" if flags & termios.ECHO else " silent"))

orders, shown = b"", b""
while True:
    ended, status = os.waitpid(program, os.WNOHANG | os.WUNTRACED)
    if ended and os.WIFSTOPPED(status):
        say("stopped")
        modes()
    elif ended:
        break
    ready, _, _ = select.select([keeper, 0], [], [], 0.02)
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
while select.select([keeper], [], [], 0)[0]:
    shown += os.read(keeper, 65536)
for line in shown.split(b"\n"):
    say(line.decode(errors="replace").rstrip("\r"))
same = "same" if termios.tcgetattr(inside) == before else "changed"
say(f"exit: {os.waitstatus_to_exitcode(status)}; terminal: {same}")
