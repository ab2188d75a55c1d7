# debian:SUITE-slim, from debootstrap.
FROM scratch
COPY . /
CMD ["bash"]
