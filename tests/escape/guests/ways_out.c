// Far transfers that lead to 64-bit code, where the host's selector for it loads; the payload then tries to create a file.
#include "escape.h"

static void create_file_by(void (*enter)(void))
{
    orders.attack = ATTACK_create_file;
    run_payload(enter);
}

void attack_ljmp_33(void) { create_file_by(enter_by_ljmp); }
void attack_lcall_33(void) { create_file_by(enter_by_lcall); }
void attack_retf_33(void) { create_file_by(enter_by_retf); }
void attack_iret_33(void) { create_file_by(enter_by_iret); }
