/*
 * Stands for MotionCor3 and CTFFIND: works for 1 to 2 ms, writes an image of 1 MiB, and prints and writes what the
 * real programs do. SAMPLES is the folder of the files that it gives out.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char buffer[1 << 21];

static void copy(const char *sample, const char *to) {
    char from[4096];
    snprintf(from, sizeof from, "%s/%s", SAMPLES, sample);
    int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    ssize_t size = read(in, buffer, sizeof buffer);
    if (in < 0 || out < 0 || size <= 0 || write(out, buffer, size) != size) {
        perror(to);
        exit(1);
    }
}

static void work(void) {
    volatile double sum = 0;
    for (int step = 0; step < 500000; step++) sum += step * 0.5;
}

static int motioncor3(int count, char **words) {
    for (int at = 1; at + 1 < count; at++) {
        if (strcmp(words[at], "-OutMrc")) continue;
        copy("image.mrc", words[at + 1]);
        puts("Full-frame alignment shift");
        for (int frame = 1; frame <= 8; frame++) printf("...... Frame (%3d) shift: %9.2f %9.2f\n", frame, 0.1 * frame, -0.2 * frame);
        return 0;
    }
    return 1;
}

static int ctffind(void) {
    char answer[4096], path[4100];
    for (int question = 0; question < 2; question++)
        if (!fgets(answer, sizeof answer, stdin)) return 1;
    answer[strcspn(answer, "\n")] = 0;
    copy("image.mrc", answer);
    answer[strlen(answer) - strlen(".mrc")] = 0;
    snprintf(path, sizeof path, "%s.txt", answer);
    copy("fit.txt", path);
    snprintf(path, sizeof path, "%s_avrot.txt", answer);
    copy("fit_avrot.txt", path);
    return 0;
}

int main(int count, char **words) {
    work();
    if (count == 2 && !strcmp(words[1], "--version")) return puts("MotionCor3 version 1.1.2") < 0;
    return count > 1 ? motioncor3(count, words) : ctffind();
}
