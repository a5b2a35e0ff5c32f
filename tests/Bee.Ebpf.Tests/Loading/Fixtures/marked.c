/* A library with static probes, as sys/sdt.h makes them, and functions whose names begin alike. Each probe has one argument: what it was called with. */
#define PROBE(provider, name, value) PROBE_AT(provider, name, "-4@%0", value)
#define PROBE_AT(provider, name, operand, value) \
	__asm__ volatile( \
		"990: nop\n" \
		".pushsection .note.stapsdt,\"?\",\"note\"\n" \
		".balign 4\n" \
		".4byte 992f-991f, 994f-993f, 3\n" \
		"991: .asciz \"stapsdt\"\n" \
		"992: .balign 4\n" \
		"993: .8byte 990b\n" \
		".8byte _.stapsdt.base\n" \
		".8byte 0\n" \
		".asciz \"" provider "\"\n" \
		".asciz \"" name "\"\n" \
		".asciz \"" operand "\"\n" \
		"994: .balign 4\n" \
		".popsection\n" \
		".ifndef _.stapsdt.base\n" \
		".pushsection .stapsdt.base,\"aG\",\"progbits\",.stapsdt.base,comdat\n" \
		".weak _.stapsdt.base\n" \
		".hidden _.stapsdt.base\n" \
		"_.stapsdt.base: .space 1\n" \
		".size _.stapsdt.base, 1\n" \
		".popsection\n" \
		".endif\n" ::"r"(value))

__attribute__((noinline)) int marked_one(int value)
{
	PROBE("bee", "one", value);
	return value;
}

__attribute__((noinline)) int marked_two(int value)
{
	PROBE("bee", "two", value);
	return value + 1;
}

__attribute__((noinline)) int other(int value)
{
	return value + 2;
}
