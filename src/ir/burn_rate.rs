//! Burn-rate pairs (SRE workbook, chapter 5, "Multiwindow, Multi-Burn-Rate Alerts").
