# denoland/deno:bin-X: the program alone, as the npm registry has it.
FROM scratch
COPY deno /deno
