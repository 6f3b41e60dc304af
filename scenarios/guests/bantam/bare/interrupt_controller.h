/* The two 8259 interrupt controllers. */
#pragma once

void initialize_interrupt_controllers(void);
